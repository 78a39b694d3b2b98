from training.calibrate import DEFAULT, STEPS, best_threshold, quiet_threshold


def test_the_threshold_lies_between_the_false_alarms_and_the_hits():
    chosen = best_threshold([0.7, 0.8, 0.9], [0.3, 0.35, 0.5, 0.55], 3)
    assert 0.5 < chosen < 0.7


def test_recall_weighs_more_than_a_false_alarm():
    assert best_threshold([0.46, 0.9], [0.6], 2) < 0.46


def test_without_a_difference_the_default_stays():
    assert best_threshold([0.95], [], 1) == DEFAULT


def test_thresholds_stay_away_from_the_extremes():
    assert best_threshold([0.05], [0.9], 1) in STEPS
    assert (STEPS[0], STEPS[-1]) == (0.4, 0.85)


def test_machine_lines_stay_quiet():
    assert quiet_threshold([0.62, 0.71, 0.9], 500) == 0.75
    assert quiet_threshold([0.62, 0.71, 0.9], 1500) == STEPS[0]
    assert quiet_threshold([0.99] * 9, 1000) == STEPS[-1]
