"""What the site needs beyond the folder `docs`: the notebooks, which live beside it."""

from pathlib import Path

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]


@event_priority(100)  # before what turns notebooks into pages
def on_files(files, config):
    """The notebooks as pages of the site."""
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        files.append(
            File(f"notebooks/{notebook.name}", str(ROOT), config["site_dir"], config["use_directory_urls"])
        )
    return files
