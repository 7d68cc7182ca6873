"""The reward of the real runs on the CPU."""


def compute_score(data_source, solution_str, ground_truth, extra_info=None, **_):
    """Digits are rewarded, the right sum counts as correct."""
    share = sum(c.isdigit() for c in solution_str) / max(1, len(solution_str))
    return {"score": share, "acc": float(ground_truth in solution_str)}
