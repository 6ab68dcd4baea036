#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How right the top ten sites of a fleet are when each machine exports only its own top sites.

Each of GATEWAYS machines draws REQUESTS requests from SITES sites by a Zipf law; a share of the sites' ranks is the
machine's own. Exported are each machine's top N counters; the fleet's are their sums. Printed are, as means over RUNS
runs, how many of the true top ten are found, and the worst error of the count of a true top-ten site. The last column
is the bound that an operator can compute from what is exported, as a share of the tenth site's count: a machine that
does not list a site has counted it no more often than the least of those that it lists.

    packaging/fleet/simulate_top_sites.py [seed]
"""
import bisect
import itertools
import random
import sys
from collections import Counter

GATEWAYS, SITES, REQUESTS, RUNS = 20, 5_000, 40_000, 5
CASES = [("same favourites", 0.0, 1.0), ("half differ", 0.5, 1.0), ("half differ", 0.5, 0.8),
         ("all differ", 1.0, 1.0)]
EXPORTED = [5, 10, 20, 50, 100, 200, 500]


def gateway(rng, cumulative, own):
    """One machine's requests by site: a share `own` of the sites has another rank here than elsewhere."""
    names = list(range(SITES))
    moved = rng.sample(range(SITES), int(own * SITES))
    for place, name in zip(moved, rng.sample(moved, len(moved))):
        names[place] = name
    counts = Counter()
    for _ in range(REQUESTS):
        counts[names[bisect.bisect_left(cumulative, rng.random() * cumulative[-1])]] += 1
    return counts


def run(rng, own, exponent):
    cumulative = list(itertools.accumulate(1 / (rank + 1) ** exponent for rank in range(SITES)))
    machines = [gateway(rng, cumulative, own) for _ in range(GATEWAYS)]
    truth = sum(machines, Counter())
    best = [site for site, _ in truth.most_common(10)]
    results = {}
    for exported in EXPORTED:
        seen, bound = Counter(), 0
        for machine in machines:
            listed = dict(machine.most_common(exported))
            seen.update(listed)
            bound += min(listed.values())
        found = len(set(best) & {site for site, _ in seen.most_common(10)})
        worst = max((truth[site] - seen[site]) / truth[site] for site in best)
        results[exported] = (found, worst, bound / truth[best[-1]])
    return results


def main():
    rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print("| favourites, Zipf exponent | exported a machine | of the top 10 found | worst count too low by "
          "| bound |")
    print("| --- | --- | --- | --- | --- |")
    for name, own, exponent in CASES:
        runs = [run(rng, own, exponent) for _ in range(RUNS)]
        for exported in EXPORTED:
            found, worst, bound = (sum(r[exported][i] for r in runs) / RUNS for i in range(3))
            print(f"| {name}, {exponent} | {exported} | {found:.1f} | {100 * worst:.0f} % | {100 * bound:.0f} % |")


if __name__ == "__main__":
    main()
