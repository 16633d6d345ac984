"""The report of a table held against its truth, as text."""

from __future__ import annotations

from device.batch.truth import Report, Share, at_shares


def text(report: Report) -> str:
    """For a terminal."""
    lines = [f"{report.pages:,} pages whose code is known"]
    lines += [f"  {name:<28} {told(share)}" for name, share in shares(report)]
    if report.without_code:
        lines.append(f"  {'read where there is no code':<28} {report.false_reads:,} of {report.without_code:,}")
    for count, what in ((report.unreadable, "unreadable"), (report.unknown, "pages that the list does not name")):
        if count:
            lines.append(f"  {what:<28} {count:,}")
    if report.unread:
        shown = ", ".join(report.unread[:3]) + (", …" if len(report.unread) > 3 else "")
        lines.append(f"  {'named, but not in the table':<28} {len(report.unread):,}: {shown}")
    lines += ["", "refused  wrong among the accepted  confidence from"]
    for point in at_shares(report.curve):
        lines.append(f"{100 * point.refused:6.1f} %  {told(point.errors):<32}  {point.confidence:.4f}")
    if report.curve and report.curve[-1].refused > 0:
        lines.append(f"(on {100 * report.curve[-1].refused:.1f} % nothing was found that could be accepted)")
    wrong = sorted(((n, a, b) for (a, b), n in report.confusion.items() if a != b), reverse=True)[:10]
    if wrong:
        lines += ["", "digits read as others: " + ", ".join(f"{a} as {b} {n:,}x" for n, a, b in wrong)]
    if report.worst:
        lines += ["", "accepted and wrong, the surest first"]
        lines += [
            f"  {one.confidence:.4f}  {one.read} for {one.truth or 'nothing'}  {one.source}" for one in report.worst
        ]
    return "\n".join(lines)


def shares(report: Report) -> list[tuple[str, Share]]:
    """The report's shares, and what they are called."""
    return [
        ("right", report.right),
        ("refused", report.refused),
        ("wrong among the accepted", report.errors),
    ]


def told(share: Share) -> str:
    """92.5 % (91.3 to 93.6), 1,850 of 2,000."""
    if share.share is None or share.low is None or share.high is None:
        return "–"
    return (
        f"{100 * share.share:.2f} % ({100 * share.low:.2f} to {100 * share.high:.2f}), {share.hits:,} of {share.of:,}"
    )
