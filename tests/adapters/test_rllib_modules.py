"""RLlib modules on hand-made batches: what is masked, what is left alone, and what survives a checkpoint."""

import copy

import pytest

pytest.importorskip("ray")
import numpy as np
import torch
from gymnasium import spaces
from ray.rllib.algorithms.dqn.default_dqn_rl_module import QF_NEXT_PREDS, QF_PREDS, QF_TARGET_NEXT_PREDS
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis import TARGET_NETWORK_ACTION_DIST_INPUTS
from ray.rllib.core.rl_module.rl_module import RLModule
from rllib_cases import ACTIONS, BITS, NVEC, build, legal_entries, observation_space, random_batch, with_state

from masked_envs.rllib import (
    LegalCategorical,
    LegalMultiCategorical,
    MaskedAPPOModule,
    MaskedDQNModule,
    MaskedPPOModule,
)
from masked_envs.rllib.scores import check_finite
from masked_envs.torch import Features

KINDS = ("flat", "learned", "candidates", "per_head", "binary")
DISCRETE = ("flat", "learned", "candidates")
HEADS = ({"dueling": False}, {"dueling": True}, {"dueling": False, "num_atoms": 5}, {"dueling": True, "num_atoms": 5})
LOWEST = float(np.float32(-1e20))


def equal(left, right):
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    return torch.equal(left, right)


def forwards(module, batch):
    yield module.forward_inference(batch)
    yield module.forward_exploration(batch, t=0)
    yield module.forward_train(batch)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("module_class", [MaskedPPOModule, MaskedAPPOModule])
def test_logits_are_lowest_where_and_only_where_forbidden(module_class, kind):
    module, batch = build(module_class, kind), random_batch(kind, 64)
    legal, before = legal_entries(batch), copy.deepcopy(batch)
    for outputs in forwards(module, batch):
        logits = outputs[Columns.ACTION_DIST_INPUTS]
        assert logits.dtype == torch.float32 and logits.shape == legal.shape
        assert (logits[~legal] == LOWEST).all() and (logits[legal].abs() < 100).all()
    assert module.compute_values(batch).shape == (64,)
    assert equal(batch, before)


@pytest.mark.parametrize("end", [-3.4e38, -1e30, -2e20, 3.4e38])
@pytest.mark.parametrize("kind", ["flat", "per_head", "binary"])
def test_any_finite_logits_give_legal_actions(kind, end):
    """A network whose last layer gives numbers far below those of forbidden choices, or far above."""
    module, batch = build(MaskedPPOModule, kind), random_batch(kind, 64)
    last = list(module.pi.parameters())[-1]
    with torch.no_grad():
        last.copy_(torch.where(torch.arange(len(last)) % 2 == 0, end, 0.5 * end))
    inputs = module.forward_exploration(batch, t=0)[Columns.ACTION_DIST_INPUTS]
    distribution = module.get_exploration_action_dist_cls().from_logits(inputs)
    legal = legal_entries(batch)
    starts = {"flat": [0], "per_head": [0, NVEC[0]], "binary": range(0, 2 * BITS, 2)}[kind]
    for chosen in (distribution, distribution.to_deterministic()):
        actions = chosen.sample().view(64, -1)
        for k, start in enumerate(starts):
            assert legal.gather(1, start + actions[:, k : k + 1].long()).all()
        assert distribution.logp(actions.squeeze(-1)).isfinite().all()


@pytest.mark.parametrize("kind", DISCRETE)
@pytest.mark.parametrize("heads", HEADS, ids=str)
def test_q_values_are_minus_infinity_where_and_only_where_forbidden(heads, kind):
    module, batch = build(MaskedDQNModule, kind, **heads), random_batch(kind, 64)
    batch[Columns.NEXT_OBS] = random_batch(kind, 64)[Columns.OBS]
    batch[Columns.NEXT_OBS]["action_mask"] = batch[Columns.NEXT_OBS]["action_mask"].roll(1, 0)
    legal, before = legal_entries(batch), copy.deepcopy(batch)
    outputs = module.forward_train(batch)
    next_legal = batch[Columns.NEXT_OBS]["action_mask"].bool()
    for key, allowed in ((QF_PREDS, legal), (QF_NEXT_PREDS, next_legal), (QF_TARGET_NEXT_PREDS, next_legal)):
        assert torch.equal(outputs[key] == -torch.inf, ~allowed)
        assert outputs[key][allowed].isfinite().all()
    assert equal(batch, before)


def test_dueling_advantages_are_centred_over_legal_actions():
    module, batch = build(MaskedDQNModule), random_batch("flat", 32)
    latent = module.encoder(module.without_mask(batch))["encoder_out"]
    values = module.vf(latent).squeeze(-1)
    q, legal = module.compute_q_values(batch)[QF_PREDS], legal_entries(batch)
    means = torch.stack([row[allowed].mean() for row, allowed in zip(q, legal, strict=True)])
    assert torch.allclose(means, values, atol=1e-5)


@pytest.mark.parametrize("module_class", [MaskedPPOModule, MaskedDQNModule])
def test_permuting_candidates_permutes_their_scores(module_class):
    module, batch = build(module_class, "candidates"), random_batch("candidates", 16)
    order = torch.randperm(ACTIONS)
    moved = {**batch[Columns.OBS], **{k: batch[Columns.OBS][k][:, order] for k in ("action_mask", "action_embeddings")}}
    key = QF_PREDS if module_class is MaskedDQNModule else Columns.ACTION_DIST_INPUTS
    first = module.forward_train({**batch, Columns.NEXT_OBS: batch[Columns.OBS]})[key]
    second = module.forward_train({Columns.OBS: moved, Columns.NEXT_OBS: moved})[key]
    assert torch.allclose(first[:, order], second, atol=1e-5)
    legal = legal_entries(batch)
    assert first[legal].unique().numel() == legal.sum(), "scores that do not depend on the candidate would pass too"


def test_scores_of_candidates_are_scaled_dot_products():
    module = build(MaskedPPOModule, "candidates", action_key_size=7)
    batch = random_batch("candidates", 8, mask=torch.ones(8, ACTIONS, dtype=torch.int8))
    query = module.pi(module.encoder(module.without_mask(batch))["encoder_out"]["actor"])
    linear, embeddings = module.scores.keys, batch[Columns.OBS]["action_embeddings"]
    keys = torch.einsum("bne,ke->bnk", embeddings, linear.weight) + linear.bias
    expected = torch.einsum("bk,bnk->bn", query, keys) / 7**0.5
    assert torch.allclose(module.forward_train(batch)[Columns.ACTION_DIST_INPUTS], expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["learned", "candidates"])
def test_atoms_of_a_dot_product_belong_to_their_action(kind):
    module = build(MaskedDQNModule, kind, dueling=False, num_atoms=3)
    batch = random_batch(kind, 2)
    outputs = torch.randn(2, module.scores.width * 3)
    whole = module.scores(outputs, batch[Columns.OBS], 3).view(2, ACTIONS, 3)
    for atom in range(3):
        alone = module.scores(outputs.view(2, -1, 3)[..., atom], batch[Columns.OBS])
        assert torch.allclose(whole[..., atom], alone, atol=1e-5)


def test_learned_embeddings_are_trained():
    module, batch = build(MaskedPPOModule, "learned"), random_batch("learned", 8)
    logits = module.forward_train(batch)[Columns.ACTION_DIST_INPUTS]
    torch.where(legal_entries(batch), logits, 0).square().sum().backward()
    assert module.scores.keys.weight.shape == (ACTIONS, 7)
    assert (module.scores.keys.weight.grad.abs().sum(-1) > 0).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("module_class", [MaskedPPOModule, MaskedAPPOModule])
def test_gradients_of_forbidden_logits_are_zero(module_class, kind):
    module, batch = build(module_class, kind), random_batch(kind, 32)
    raw, legal, head = [], legal_entries(batch), module.scores
    head.register_forward_hook(lambda _module, _inputs, outputs: (outputs.retain_grad(), raw.append(outputs))[1])
    distribution = module.get_train_action_dist_cls().from_logits(
        module.forward_train(batch)[Columns.ACTION_DIST_INPUTS]
    )
    (distribution.logp(distribution.sample()).sum() + distribution.entropy().sum()).backward()
    gradient = raw[0].grad
    assert (gradient[~legal] == 0).all() and gradient.isfinite().all() and (gradient[legal] != 0).any()


@pytest.mark.parametrize("kind", KINDS)
def test_sampled_and_greedy_actions_are_legal_and_as_frequent_as_the_softmax(kind):
    module, rows = build(MaskedPPOModule, kind), 20_000
    one = random_batch(kind, 1)
    batch = {Columns.OBS: {k: v.expand(rows, *v.shape[1:]) for k, v in one[Columns.OBS].items()}}
    logits = module.forward_exploration(batch)[Columns.ACTION_DIST_INPUTS]
    distribution = module.get_exploration_action_dist_cls().from_logits(logits)
    actions, greedy = distribution.sample(), distribution.to_deterministic().sample()
    sizes = {"per_head": NVEC, "binary": (2,) * BITS}.get(kind, (ACTIONS,))
    for k, (part, legal) in enumerate(zip(logits[0].split(sizes), legal_entries(one)[0].split(sizes), strict=True)):
        chosen = actions.reshape(rows, -1)[:, k]
        frequency = torch.bincount(chosen, minlength=len(part)) / rows
        weights = torch.where(legal, part.double().exp(), 0)
        assert (frequency[~legal] == 0).all()
        assert torch.allclose(frequency.double(), weights / weights.sum(), atol=0.02)
        assert legal[greedy.reshape(rows, -1)[:, k]].all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("module_class", [MaskedPPOModule, MaskedAPPOModule, MaskedDQNModule])
def test_a_policy_that_has_diverged_is_an_error(module_class, kind, bad):
    if module_class is MaskedDQNModule and kind not in DISCRETE:
        pytest.skip("DQN's actions are Discrete")
    module, batch = build(module_class, kind), random_batch(kind, 4)
    network = module.af if module_class is MaskedDQNModule else module.pi
    for parameter in network.parameters():
        parameter.data.fill_(bad)
    for forward in (module.forward_inference, module.forward_exploration, module.forward_train):
        with pytest.raises(ValueError, match="the policy has diverged"):
            forward(
                {**batch, Columns.NEXT_OBS: batch[Columns.OBS]}, **({"t": 0} if "explor" in forward.__name__ else {})
            )


def test_what_is_exported_looks_at_no_values():
    class Scores(torch.nn.Module):
        def forward(self, x):
            return check_finite(x)

    exported = torch.export.export(Scores(), (torch.zeros(2, 3),)).module()
    assert exported(torch.full((2, 3), float("nan"))).isnan().all()


@pytest.mark.parametrize("heads", HEADS, ids=str)
def test_a_diverged_state_value_is_an_error(heads):
    module = build(MaskedDQNModule, "flat", **heads)
    for parameter in (module.vf if heads["dueling"] else module.af).parameters():
        parameter.data.fill_(float("nan"))
    with pytest.raises(ValueError, match="the policy has diverged"):
        module.forward_inference(random_batch("flat", 4))


def test_logits_that_are_nan_never_choose_a_forbidden_action():
    """Of a module that does not look at what it gives."""
    legal = torch.rand(500, 5) < 0.4
    legal[torch.arange(500), torch.randint(5, (500,))] = True
    given = torch.where(torch.rand(500, 5) < 0.5, float("nan"), torch.randn(500, 5))
    one = LegalCategorical(logits=torch.where(legal, given, LOWEST))
    several = LegalMultiCategorical.from_logits(torch.where(legal, given, LOWEST), input_lens=(2, 3))
    for chosen in (one.sample(), one.to_deterministic().sample()):
        assert legal.gather(-1, chosen.unsqueeze(-1)).all()
    allowed = torch.stack([legal[:, :2].any(-1), legal[:, 2:].any(-1)], -1)  # where a head has a legal choice
    for chosen in (several.sample(), several.to_deterministic().sample()):
        picked = legal.gather(-1, chosen + torch.tensor([0, 2]))
        assert (picked | ~allowed).all()
    # Negative control: torch's own takes the first nan, or the first of a row that is nan altogether.
    assert not legal.gather(-1, torch.log_softmax(one.logits, -1).argmax(-1, keepdim=True)).all()


def test_the_smallest_possible_draw_does_not_choose_a_forbidden_action(monkeypatch):
    halves = lambda shape, **kwargs: torch.full(tuple(shape), 0.5, **kwargs)  # noqa: E731
    monkeypatch.setattr(torch, "rand", lambda shape, **kw: halves(shape, **kw).index_fill_(-1, torch.tensor([0]), 0))
    logits = torch.tensor([[LOWEST, 0.0, 1.0]])
    assert LegalCategorical(logits=logits).sample().tolist() == [2]


@pytest.mark.parametrize("kind", DISCRETE)
def test_dqn_explores_uniformly_over_legal_actions_and_is_greedy_otherwise(kind):
    module, rows = build(MaskedDQNModule, kind), 20_000
    one = random_batch(kind, 1)
    batch = {Columns.OBS: {k: v.expand(rows, *v.shape[1:]) for k, v in one[Columns.OBS].items()}}
    legal = legal_entries(one)[0]
    for parameter in module.parameters():  # Q-values of exactly 0, which RLlib's own exploration never tries
        parameter.data.zero_()
    actions = module.forward_exploration(batch, t=0)[Columns.ACTIONS]
    frequency = torch.bincount(actions, minlength=ACTIONS) / rows
    assert torch.allclose(frequency, legal / legal.sum(), atol=0.02)
    assert legal[module.forward_inference(batch)[Columns.ACTIONS]].all()


def test_epsilon_follows_its_schedule():
    module = build(MaskedDQNModule, epsilon=[[0, 1.0], [100, 0.0]])
    batch = random_batch("flat", 4000)
    greedy = module.forward_inference(batch)[Columns.ACTIONS]
    agree = [(module.forward_exploration(batch, t=t)[Columns.ACTIONS] == greedy).float().mean() for t in (0, 100)]
    assert agree[0] < 0.9 and agree[1] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_lstm_takes_sequences_with_padded_rows(kind):
    module, rows, time = build(MaskedPPOModule, kind, use_lstm=True), 3, 4
    batch = random_batch(kind, rows, time)
    for part in batch[Columns.OBS].values():
        part[-1, 2:] = 0
    batch = with_state(module, batch, rows)
    outputs, legal = module.forward_train(batch), legal_entries(batch)
    logits = outputs[Columns.ACTION_DIST_INPUTS]
    assert logits.shape == legal.shape and (logits[~legal] == LOWEST).all()
    distribution = module.get_train_action_dist_cls().from_logits(logits)
    terms = distribution.logp(distribution.sample()), distribution.entropy(), distribution.kl(distribution)
    values = module.compute_values(batch, embeddings=outputs.get(Columns.EMBEDDINGS))
    for term in (*terms, values):
        assert term.shape == (rows, time) and term.isfinite().all()
    flipped = {Columns.OBS: {name: part.flip(1) for name, part in batch[Columns.OBS].items()}}
    backwards = module.forward_train(with_state(module, flipped, rows))[Columns.ACTION_DIST_INPUTS].flip(1)
    assert not torch.allclose(logits, backwards), "an encoder without memory would not care about the order of rows"


@pytest.mark.parametrize("kind", DISCRETE)
def test_lstm_dqn_explores_legal_actions(kind):
    module, rows = build(MaskedDQNModule, kind, use_lstm=True, dueling=False), 200
    batch = with_state(module, random_batch(kind, rows, 1), rows)
    for forward in (module.forward_inference, lambda b: module.forward_exploration(b, t=0)):
        outputs = forward(batch)
        actions = outputs[Columns.ACTIONS]
        assert actions.shape == (rows, 1) and Columns.STATE_OUT in outputs
        assert legal_entries(batch).gather(-1, actions.unsqueeze(-1)).all()


def test_features_of_every_kind_of_space_and_of_padding():
    space = spaces.Dict(
        action_mask=spaces.Box(0, 1, (2,), np.int8),
        box=spaces.Box(0, 255, (2, 2), np.uint8),
        bits=spaces.MultiBinary(3),
        digits=spaces.MultiDiscrete([2, 3], start=[0, 1]),
        number=spaces.Discrete(3, start=1),
    )
    features = Features(space)
    rows = [space.sample() for _ in range(6)]
    batch = {k: torch.as_tensor(np.stack([row[k] for row in rows])).view(2, 3, *np.shape(rows[0][k])) for k in rows[0]}
    bare = spaces.Dict({k: v for k, v in space.items() if k != "action_mask"})
    flat = [[spaces.flatten(bare[k], row[k]).ravel() for k in sorted(bare)] for row in rows]
    expected = [np.concatenate(parts, dtype=np.float32) for parts in flat]
    assert np.array_equal(features(batch).view(6, -1).numpy(), np.stack(expected))
    padded = features({k: torch.zeros_like(v) for k, v in batch.items()})
    assert padded[..., -3:].sum() == 0, "0 is not in Discrete(3, start=1)"


@pytest.mark.parametrize("kind", KINDS)
def test_appo_target_network_masks_with_its_own_scores(kind):
    module, batch = build(MaskedAPPOModule, kind), random_batch(kind, 16)
    legal = legal_entries(batch)
    target = lambda: module.forward_target(batch)[TARGET_NETWORK_ACTION_DIST_INPUTS]  # noqa: E731
    before, online = target(), module.forward_train(batch)[Columns.ACTION_DIST_INPUTS]
    assert torch.allclose(before, online, atol=1e-6) and (before[~legal] == LOWEST).all()
    for main, _ in module.get_target_network_pairs():
        for parameter in main.parameters():
            parameter.data.mul_(2)
    assert torch.equal(target(), before), "a network shared with the online one moves with it"
    for main, old in module.get_target_network_pairs():
        old.load_state_dict(main.state_dict())
    assert torch.allclose(target(), module.forward_train(batch)[Columns.ACTION_DIST_INPUTS], atol=1e-5)


@pytest.mark.parametrize("kind", DISCRETE)
@pytest.mark.parametrize("heads", HEADS, ids=str)
def test_dqn_target_network_has_its_own_scores(heads, kind):
    module, batch = build(MaskedDQNModule, kind, **heads), random_batch(kind, 16)
    before = module.forward_target(batch)[QF_PREDS]
    assert torch.allclose(before, module.compute_q_values(batch)[QF_PREDS], atol=1e-5)
    for main, _ in module.get_target_network_pairs():
        for parameter in main.parameters():
            parameter.data.mul_(2)
    assert torch.equal(module.forward_target(batch)[QF_PREDS], before)
    for main, old in module.get_target_network_pairs():
        old.load_state_dict(main.state_dict())
    assert torch.allclose(module.forward_target(batch)[QF_PREDS], module.compute_q_values(batch)[QF_PREDS], atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("module_class", [MaskedPPOModule, MaskedDQNModule])
def test_autocast_leaves_constants_in_float32(module_class, dtype):
    module, batch = build(module_class, "candidates"), random_batch("candidates", 16)
    batch[Columns.NEXT_OBS] = batch[Columns.OBS]
    with torch.autocast("cpu", dtype=dtype):
        outputs = module.forward_train(batch)
    key = QF_PREDS if module_class is MaskedDQNModule else Columns.ACTION_DIST_INPUTS
    scores, legal = outputs[key], legal_entries(batch)
    assert scores.dtype == torch.float32 and scores[legal].isfinite().all()
    assert (scores[~legal] == (-torch.inf if module_class is MaskedDQNModule else LOWEST)).all()


@pytest.mark.parametrize("kind", DISCRETE)
@pytest.mark.parametrize("module_class", [MaskedPPOModule, MaskedAPPOModule, MaskedDQNModule])
def test_checkpoint_of_a_module_gives_it_back(module_class, kind, tmp_path):
    module, batch = build(module_class, kind), random_batch(kind, 16)
    for parameter in module.parameters():
        parameter.data.add_(torch.randn(parameter.shape) * 0.1)
    module.save_to_path(tmp_path / "module")
    again = RLModule.from_checkpoint(tmp_path / "module")
    key = Columns.ACTIONS if module_class is MaskedDQNModule else Columns.ACTION_DIST_INPUTS
    assert torch.equal(module.forward_inference(batch)[key], again.forward_inference(batch)[key])
    learner = build(module_class, kind)
    learner.restore_from_path(tmp_path / "module")
    assert equal(dict(module.state_dict()), dict(learner.state_dict()))
    inference = build(module_class, kind, inference_only=True)
    inference.set_state(module.get_state(inference_only=True))
    assert torch.equal(module.forward_inference(batch)[key], inference.forward_inference(batch)[key])
    assert not any("_old_" in name or "_target_" in name for name in inference.state_dict())


@pytest.mark.parametrize("module_class", [MaskedPPOModule, MaskedAPPOModule, MaskedDQNModule])
def test_masking_off_ignores_the_mask(module_class):
    module, batch = build(module_class, mask_actions=False), random_batch("flat", 64)
    batch[Columns.NEXT_OBS] = batch[Columns.OBS]
    key = QF_PREDS if module_class is MaskedDQNModule else Columns.ACTION_DIST_INPUTS
    assert (module.forward_train(batch)[key].abs() < 100).all()


def test_a_module_for_spaces_without_a_mask_says_so():
    from ray.rllib.core.rl_module.rl_module import RLModuleSpec

    spec = RLModuleSpec(
        module_class=MaskedPPOModule,
        observation_space=observation_space("flat")["observation"],
        action_space=spaces.Discrete(3),
        model_config={},
    )
    with pytest.raises(ValueError, match="the mask must be in it"):
        spec.build()
