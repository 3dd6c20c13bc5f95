"""`python -m knowledge.check`: every fault of the library's data with file and line; exit 1 when there is one."""

import sys
from collections import Counter

from knowledge.library import load_library


def main() -> int:
    """Print all faults together, then what the library holds."""
    library = load_library()
    for fault in library.faults:
        print(fault)
    counts = Counter(p.plan for p in library.provisions)
    for plan in library.plans.values():
        questions = sum(len(p.questions) for p in library.by_plan[plan.id])
        covered = {p.clause for p in library.by_plan[plan.id]}
        print(f"{plan.id}: {len(plan.clauses)} 个条款，{counts[plan.id]} 个条目（涉及 {len(covered)} 个条款），{questions} 个问法")
    print(f"{len(library.gaps)} 个已知空白；{len(library.faults)} 处错误")
    return 1 if library.faults else 0


if __name__ == "__main__":
    sys.exit(main())
