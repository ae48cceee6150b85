# One image for the tuner, the dashboard, MLflow and the bot: they differ in the command alone.
FROM python:3.11.14-slim-bookworm

# g++: the trainer compiles its decoder loops at first use; without it they run in PyTorch.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++=4:12.2.0-3 \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 tuner \
    && install --directory --owner tuner --group tuner /studies /mlflow
WORKDIR /opt/smart-tuner

# The default is torch for CUDA; for a machine without a GPU, a much smaller image:
#   docker compose build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH_INDEX=https://pypi.org/simple
COPY constraints.txt ./
RUN pip install --no-cache-dir --index-url "${TORCH_INDEX}" --constraint constraints.txt torch

COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY trainer trainer
COPY storage storage
COPY dashboards dashboards
COPY smart_tuner smart_tuner
RUN pip install --no-cache-dir --constraint constraints.txt '.[demo,cmaes,postgresql]'
COPY docker/run-study /usr/local/bin/run-study

USER 1000
WORKDIR /studies
CMD ["smart-tuner", "--help"]
