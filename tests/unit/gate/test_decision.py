import pytest
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.config import GateRule, Register
from lt4rec_core.gate import Champion, decide


def evaluation(auc=0.7, mse=0.09, **ctr):
    return {
        "tasks": {
            "ctr": {
                "metric": "auc",
                "model": {"auc": auc} if auc is not None else {},
                "trivial": {"mean": {"auc": 0.5}, "item_rate": {"auc": 0.6}},
                "slices": {"tab=0": {"rows": 50, "model": {"auc": 0.65}}},
                **ctr,
            },
            "cvr": {"metric": "mse", "model": {"mse": mse}, "trivial": {"mean": {"mse": 0.1}}},
        }
    }


def champion(**metrics):
    return Champion("champion (version 3)", evaluation(**metrics)["tasks"])


def rules(*rules, **settings):
    return Register(rules=rules, **settings)


def auc(**demand):
    return GateRule(task="ctr", metric="auc", **demand)


def mse(**demand):
    return GateRule(task="cvr", metric="mse", **demand)


def test_the_first_model_passes_its_floors_and_beats_the_trivial():
    decision = decide(rules(auc(floor=0.6), mse(floor=0.1)), evaluation(), None)
    assert decision.accepted
    assert "ctr auc = 0.7 meets the floor 0.6" in decision.reasons


@pytest.mark.parametrize("changed", [{"auc": 0.6}, {"auc": 0.55}, {"mse": 0.1}, {"mse": 0.11}])
def test_the_first_model_must_beat_every_trivial_predictor(changed):
    decision = decide(rules(), evaluation(**changed), None)
    assert not decision.accepted
    assert all("trivial predictor" in reason for reason in decision.reasons)


def test_beating_the_trivial_is_not_asked_if_switched_off():
    decision = decide(rules(beat_trivial=False), evaluation(auc=0.4), None)
    assert decision.accepted
    assert any("0.4 is 0.1 worse than" in c.reason for c in decision.comparisons)


def test_a_trivial_predictor_without_a_value_is_no_obstacle():
    decision = decide(rules(), evaluation(trivial={"user_rate": {}}), None)
    assert decision.accepted


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [(auc(floor=0.7), True), (auc(floor=0.71), False), (mse(floor=0.09), True),
     (mse(floor=0.08), False)],
)  # fmt: skip
def test_a_floor_is_the_worst_value_allowed(rule, accepted):
    assert decide(rules(rule), evaluation(), None).accepted is accepted


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        (auc(max_loss=0.01), True),
        (auc(max_loss=0.009), False),
        (auc(max_loss=0.0), False),
        (auc(min_gain=0.0), False),
        (mse(min_gain=0.01), True),
        (mse(min_gain=0.011), False),
        (mse(max_loss=0.0), True),
    ],
)
def test_losses_and_gains_count_in_the_metrics_own_direction(rule, accepted):
    decision = decide(rules(rule), evaluation(), champion(auc=0.71, mse=0.1))
    assert decision.accepted is accepted


def test_a_reason_names_metric_values_and_limit():
    decision = decide(rules(auc(max_loss=0.005)), evaluation(), champion(auc=0.71))
    assert decision.reasons == (
        "ctr auc = 0.7 is 0.01 worse than the champion (version 3)'s 0.71; "
        "at most 0.005 worse is allowed",
    )


def test_a_slice_is_compared_with_the_champions_slice():
    better = champion(slices={"tab=0": {"model": {"auc": 0.66}}})
    decision = decide(rules(auc(slice="tab=0", max_loss=0.001)), evaluation(), better)
    assert not decision.accepted
    assert "ctr auc on tab=0 = 0.65 is 0.01 worse" in decision.reasons[0]


def test_an_absent_slice_is_not_judged_and_says_so():
    decision = decide(rules(auc(slice="tab=9", floor=0.6)), evaluation(), None)
    (comparison,) = [c for c in decision.comparisons if c.slice]
    assert decision.accepted
    assert comparison.passed is None
    assert "no slice 'tab=9' was judged; there are ['tab=0']" in comparison.reason


def test_a_slice_with_an_undefined_metric_is_not_judged():
    slices = {"tab=0": {"model": {}, "undefined": {"model.auc": "only one class"}}}
    decision = decide(rules(auc(slice="tab=0", floor=0.6)), evaluation(slices=slices), None)
    assert decision.accepted
    assert "only one class (floor not judged)" in decision.comparisons[0].reason


def test_an_undefined_metric_over_all_rows_fails_with_its_reason():
    undefined = evaluation(auc=None, undefined={"model.auc": "only one class"})
    decision = decide(rules(auc(floor=0.6)), undefined, None)
    assert not decision.accepted
    assert "ctr auc has no value: only one class" in decision.reasons


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (GateRule(task="like", metric="auc", floor=0.5), "no task 'like'"),
        (GateRule(task="ctr", metric="aucc", floor=0.5), "no such metric is known"),
        (GateRule(task="ctr", metric="aucc", slice="tab=0", floor=0.5), "no such metric"),
        (GateRule(task="ctr", metric="mae", floor=0.5), "it wasn't computed"),
    ],
)
def test_a_rule_that_names_nothing_fails_and_says_what_there_is(rule, words):
    decision = decide(rules(rule, beat_trivial=False), evaluation(), None)
    assert not decision.accepted
    assert words in decision.reasons[0]


def test_demands_on_a_champion_are_not_judged_before_there_is_one():
    decision = decide(rules(auc(min_gain=0.5)), evaluation(), None)
    assert decision.accepted
    assert "there is no champion yet" in decision.comparisons[0].reason


def test_with_a_champion_the_trivial_predictors_no_longer_count():
    assert decide(rules(), evaluation(auc=0.55), champion()).accepted


def test_a_task_that_the_champion_does_not_know_is_not_judged():
    older = Champion("champion", {"cvr": evaluation()["tasks"]["cvr"]})
    decision = decide(rules(auc(max_loss=0.0)), evaluation(), older)
    assert decision.accepted
    assert decision.comparisons[0].passed is None


def test_a_champion_that_cannot_score_fails_the_demands_on_it():
    broken = Champion("champion", {}, problem="it needs the column 'tab'")
    decision = decide(rules(auc(max_loss=0.5), auc(floor=0.6)), evaluation(), broken)
    assert not decision.accepted
    assert decision.reasons == (
        "ctr auc can't be compared with the champion: it needs the column 'tab'",
    )


def test_a_champion_that_cannot_score_is_no_obstacle_if_nothing_is_asked_of_it():
    broken = Champion("champion", {}, problem="it needs the column 'tab'")
    assert decide(rules(auc(floor=0.6)), evaluation(), broken).accepted


def test_the_primary_metric_is_told_beside_the_champions_even_if_nothing_is_asked():
    decision = decide(rules(), evaluation(), champion(auc=0.71))
    assert [c.key for c in decision.comparisons] == ["ctr.auc.champion", "cvr.mse.champion"]
    assert decision.accepted


def test_keys_of_comparisons_are_unique():
    asked = [
        auc(floor=0.1, max_loss=0.1, min_gain=-1.0),
        auc(floor=0.1, slice="tab=0"),
        mse(floor=1.0),
    ]
    for known in (None, champion()):
        keys = [c.key for c in decide(rules(*asked), evaluation(), known).comparisons]
        assert len(keys) == len(set(keys))


def test_a_decision_becomes_plain_json():
    plain = decide(rules(auc(floor=0.6)), evaluation(), None).to_json()
    assert plain["accepted"] is True
    assert plain["comparisons"][0]["reason"] == "ctr auc = 0.7 meets the floor 0.6"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5))
def test_a_model_equal_to_or_better_than_the_champion_never_loses(one, other, loss):
    better, worse = max(one, other), min(one, other)
    decision = decide(rules(auc(max_loss=loss)), evaluation(auc=better), champion(auc=worse))
    assert decision.accepted


def test_nothing_is_asked_of_a_task_with_too_few_events():
    decision = decide(rules(), evaluation(auc=0.4, events=20), None)
    assert decision.accepted
    assert any("nothing is asked of 20 events" in c.reason for c in decision.comparisons)
    assert not decide(rules(), evaluation(auc=0.4, events=100), None).accepted


def test_a_metric_that_the_rows_leave_undefined_for_everyone_is_not_judged():
    nobody = evaluation(auc=None, trivial={"mean": {}}, undefined={"model.auc": "only one class"})
    decision = decide(rules(), nobody, None)
    assert decision.accepted
    assert any("whatever is predicted: only one class" in c.reason for c in decision.comparisons)
