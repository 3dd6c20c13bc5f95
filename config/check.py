"""`python -m config.check`: every fault of the data files at once, each as `file:line: what`; exit 1 when there is one."""

import sys

from config.regions import faults_of


def main() -> int:
    """Print what is wrong, or that nothing is."""
    faults = faults_of()
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} 处要改")
        return 1
    print("config/regions：没有问题")
    return 0


if __name__ == "__main__":
    sys.exit(main())
