"""The report of a study: one document to keep, to mail, or to read by a program."""

from dashboards.report.csv_form import csv_report
from dashboards.report.html_form import html_report
from dashboards.report.json_form import json_report
from dashboards.report.markdown_form import markdown_report

__all__ = ["csv_report", "html_report", "json_report", "markdown_report"]
