"""From a trial to its trainer process, and to where that one's files are."""
