# SPDX-License-Identifier: Apache-2.0
"""Parts of make_captures.py: the laboratory, servers, clients, truths and rewriting of captures."""
