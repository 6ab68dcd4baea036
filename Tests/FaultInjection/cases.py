# SPDX-License-Identifier: Apache-2.0
"""All faults: each file adds its own to the list."""
import case_files  # noqa: F401
import case_interfaces  # noqa: F401
import case_limits  # noqa: F401
import case_outputs  # noqa: F401
import case_owners  # noqa: F401
import case_privileges  # noqa: F401
import case_start  # noqa: F401
import case_time  # noqa: F401
from case import CASES  # noqa: F401
