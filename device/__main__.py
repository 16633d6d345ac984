"""`python -m device` is `postread`."""

import sys

from device.cli import main

sys.exit(main())
