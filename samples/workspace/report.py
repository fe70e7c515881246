"""A light file: it formats a few numbers, and carries no lens."""


def minutes_and_seconds(minutes: float) -> str:
    """3.5 -> 3:30"""
    whole = int(minutes)
    return f"{whole}:{round((minutes - whole) * 60):02d}"


def line(name: str, minutes: float) -> str:
    return f"{name:20} {minutes_and_seconds(minutes):>6}"


if __name__ == "__main__":
    print(line("average wait", 3.5))
    print(line("longest wait", 12.25))
