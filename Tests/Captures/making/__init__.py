# SPDX-License-Identifier: Apache-2.0
"""Parts of make_captures.py: the laboratory, servers, clients, ground truth and rewriting of captures."""
