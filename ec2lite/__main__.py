"""``python -m ec2lite``, the same as ``ec2lite``."""

import sys

from ec2lite.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
