"""What was measured, as a table to read and as a line of benches/history.csv."""
import csv
import datetime
import os
import platform
import subprocess

# By name: as the table calls them.
CONTESTANTS = {
    "ours": "green-corridor",
    "ours-shuffled": "green-corridor, shuffled",
    "ours-csv": "green-corridor, CSV",
    "duckdb": "DuckDB",
    "polars": "Polars",
}
PEERS = ("duckdb", "polars")
FIGURES = ("wall_s", "sync_s", "cpu_s", "memory_mib", "size_mib")


def line(name, measured):
    sync = f" ({measured.sync_s:.2f} s of it sync)" if measured.sync_s is not None else ""
    return (
        f"{CONTESTANTS[name]}: {measured.wall_s:.2f} s{sync}, {measured.cpu_s:.2f} s of processors,"
        f" {measured.memory_mib:.0f} MiB resident, {measured.size_mib:.1f} MiB written"
    )


def table(contestants):
    """Medians, the spread of the wall time, and how many times ours each is."""
    ours = next((c.median() for c in contestants if c.name == "ours"), None)
    rows = [["", "wall s", "fastest - slowest", "sync s", "cpu s", "memory MiB", "output MiB", "wall x", "memory x", "output x"]]
    for contestant in contestants:
        median = contestant.median()
        if median is None:
            rows.append([CONTESTANTS[contestant.name], "failed"] + [""] * (len(rows[0]) - 2))
            continue
        walls = [m.wall_s for m in contestant.measured]
        times = [f"{getattr(median, f) / getattr(ours, f):.2f}" if ours else "" for f in ("wall_s", "memory_mib", "size_mib")]
        rows.append([
            CONTESTANTS[contestant.name],
            f"{median.wall_s:.2f}",
            f"{min(walls):.2f} - {max(walls):.2f}",
            "" if median.sync_s is None else f"{median.sync_s:.2f}",
            f"{median.cpu_s:.2f}",
            f"{median.memory_mib:.0f}",
            f"{median.size_mib:.1f}",
            *times,
        ])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]

    def aligned(row):
        name, *figures = row
        return "  ".join([name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(figures, widths[1:]))]).rstrip()

    return "\n".join(map(aligned, rows))


def best(contestants, figure):
    """(The least of the peers, ours), or none without both."""
    medians = {c.name: c.median() for c in contestants}
    peers = [getattr(medians[p], figure) for p in PEERS if medians.get(p)]
    return (min(peers), getattr(medians["ours"], figure)) if peers and medians.get("ours") else None


def ratios(contestants):
    """How often ours goes into the better peer's wall time and memory: what the targets are about."""
    if best(contestants, "wall_s") is None:
        return "no ratios without green-corridor and a peer"
    peer, ours = best(contestants, "wall_s")
    memory_peer, memory = best(contestants, "memory_mib")
    sync = next(c.median().sync_s for c in contestants if c.name == "ours")
    return (
        f"green-corridor takes 1/{peer / ours:.2f} of the wall time of the faster peer (1/{peer / (ours - sync):.2f} without sync)"
        f" and 1/{memory_peer / memory:.2f} of the memory of the leaner one"
    )


def record(project, chosen, contestants):
    """Appends the medians to benches/history.csv; one figure of one program per column."""
    medians = {c.name: c.median() for c in contestants}
    entry = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "commit": commit(project),
        "cpu": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)),
        "threads": chosen.threads,
        "memory_limit": chosen.memory_limit or "",
        "rows": chosen.rows,
        "rounds": chosen.rounds,
    }
    for name in CONTESTANTS:
        for figure in FIGURES:
            if figure == "sync_s" and name in PEERS:
                continue
            value = getattr(medians[name], figure) if medians.get(name) else None
            entry[f"{name}_{figure}".replace("-", "_")] = "" if value is None else f"{value:.3f}"
    for figure, title in (("wall_s", "wall_ratio"), ("memory_mib", "memory_ratio")):
        pair = best(contestants, figure)
        entry[title] = f"{pair[0] / pair[1]:.2f}" if pair else ""
    path = project / "benches/history.csv"
    with open(path, "a+", newline="") as file:
        file.seek(0)
        header = next(csv.reader(file), None)
        if header not in (None, list(entry)):
            raise SystemExit(f"{path}:1: its columns are not {', '.join(entry)}")
        writer = csv.DictWriter(file, entry, lineterminator="\n")
        if header is None:
            writer.writeheader()
        writer.writerow(entry)
    print(f"recorded in {path}")


def commit(project):
    def git(*words):
        return subprocess.run(["git", *words], cwd=project, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    # Files that git does not know, such as outputs, do not change what was measured.
    return git("rev-parse", "--short=12", "HEAD") + ("+changes" if git("status", "--porcelain", "--untracked-files=no") else "")


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(text.split(":", 1)[1].strip() for text in file if text.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
