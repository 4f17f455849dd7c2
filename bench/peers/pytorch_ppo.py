"""One PPO iteration in plain PyTorch: what `attune bench --work ppo` is compared with.

ppo SIZE ROLLOUTS PROMPT NEW MINIBATCH EPOCHS FROZEN REWARDS DTYPE [ATTENTION]
  SIZE      demo | tiny | small: see gpt.py           ROLLOUTS  answers sampled in an iteration
  PROMPT    tokens of each prompt                     NEW       tokens of each answer: the end token is not drawn
  FROZEN    lower layers that are not trained         REWARDS   reward models, whose mean is the reward
  DTYPE     f32 | mixed (autocast to bfloat16)        ATTENTION fused | manual
Sampling with a KV cache, the reward models, log-probabilities of policy and reference, values from a head on the policy's trunk,
GAE, then EPOCHS passes of clipped updates by fused AdamW with the gradient clipped. The lowest layers are frozen, and autograd
does not go through them. Prints JSON on its last line: seconds of an iteration and of its phases, medians over the iterations.
"""
import os, statistics, sys, time
import torch, torch.nn.functional as F
from gpt import Gpt, report

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 2)))
torch.manual_seed(1)
size, numbers, dtype = sys.argv[2], [int(a) for a in sys.argv[3:10]], sys.argv[10]
rollouts, prompt, new, minibatch, epochs, frozen, rewards = numbers
attention = sys.argv[11] if len(sys.argv) > 11 else "fused"
WARM_UPS, ITERATIONS = int(os.environ.get("WARM_UPS", 1)), int(os.environ.get("ITERATIONS", 3))
SAMPLING, SCORING, MICROBATCH = (int(os.environ.get(n, d)) for n, d in (("SAMPLING", 256), ("SCORING", 32), ("MICROBATCH", 16)))
KL, CLIP, VALUE_CLIP, VALUE_WEIGHT, GAMMA, LAMBDA, MAX_NORM = 0.1, 0.2, 0.2, 0.5, 1.0, 0.95, 1.0

policy = Gpt(size, frozen, attention)
reference = Gpt(size, 99, attention)
reference.load_state_dict(policy.state_dict())
judges = [Gpt(size, 99, attention) for _ in range(rewards)]
for judge in judges:
    judge.load_state_dict({**policy.state_dict(), "score.weight": judge.score.weight})
trained = [p for p in policy.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=5e-4, weight_decay=0.0, fused=True)


def precision():
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "mixed")


@torch.inference_mode()
def sample(prompts):
    """[rollouts, prompt + new]; draws by the largest of logits with Gumbel noise, which is many times faster than multinomial."""
    kind = torch.bfloat16 if dtype == "mixed" else torch.float32
    answers = []
    for part in prompts.split(SAMPLING):
        caches, ids, current = policy.caches(len(part), prompt + new, kind), [part], part
        for step in range(new):
            with precision():
                hidden = policy.hidden(current, caches, sum(i.shape[1] for i in ids) - current.shape[1])[:, -1]
                logits = policy.logits(hidden).float()
            current = (logits - torch.empty_like(logits).exponential_().log_()).argmax(-1, keepdim=True)
            ids.append(current)
        answers.append(torch.cat(ids, 1))
    return torch.cat(answers)


def answer_terms(model, ids):
    """Logits [batch, new, vocab], log-probabilities and values [batch, new] of the answer tokens; only their positions are projected."""
    with precision():
        hidden = model.hidden(ids)[:, prompt - 1:-1]
        logits = model.logits(hidden)
        values = model.score(hidden).squeeze(-1)
    logits = logits.float()
    targets = ids[:, prompt:, None]
    return logits, logits.gather(-1, targets).squeeze(-1) - logits.logsumexp(-1), values.float()


@torch.no_grad()
def score(ids):
    with precision():
        return torch.stack([j.score(j.hidden(ids)[:, -1]).squeeze(-1).float() for j in judges]).mean(0)


@torch.no_grad()
def per_part(function, ids):
    return torch.cat([function(part) for part in ids.split(SCORING)])


def advantages_of(rewards, values):
    """Generalised advantage estimation, backwards over the answer."""
    advantages, last = torch.empty_like(rewards), torch.zeros(len(rewards))
    for t in reversed(range(new)):
        following = values[:, t + 1] if t + 1 < new else 0.0
        last = rewards[:, t] + GAMMA * following - values[:, t] + GAMMA * LAMBDA * last
        advantages[:, t] = last
    return advantages


def learn(ids, old, old_values, advantages, returns):
    """One update on a minibatch, its gradient accumulated over microbatches."""
    count = ids.shape[0] * new
    statistics_ = torch.zeros(5)
    for part in torch.arange(len(ids)).split(MICROBATCH):
        logits, logprobs, values = answer_terms(policy, ids[part])
        ratio = (logprobs - old[part]).exp()
        a, r, v = advantages[part], returns[part], old_values[part]
        policy_loss = torch.maximum(-a * ratio, -a * ratio.clamp(1 - CLIP, 1 + CLIP)).sum()
        clipped = v + (values - v).clamp(-VALUE_CLIP, VALUE_CLIP)
        value_loss = torch.maximum((values - r) ** 2, (clipped - r) ** 2).sum() / 2
        ((policy_loss + VALUE_WEIGHT * value_loss) / count).backward()
        with torch.no_grad():      # what every PPO logs
            entropy = logits.logsumexp(-1) - (logits.softmax(-1) * logits).sum(-1)
            statistics_ += torch.stack([
                (logprobs - old[part]).square().sum() / 2, ((ratio - 1).abs() > CLIP).sum(), entropy.sum(), ratio.sum(), value_loss])
    torch.nn.utils.clip_grad_norm_(trained, MAX_NORM)
    optimizer.step()
    optimizer.zero_grad()
    return (statistics_ / count).tolist()


def iteration():
    seconds, start = {}, time.perf_counter()

    def lap(name):
        nonlocal start
        now = time.perf_counter()
        seconds[name], start = seconds.get(name, 0) + now - start, now

    ids = sample(torch.randint(0, policy.vocab, (rollouts, prompt)))
    lap("rollout")
    judged = per_part(score, ids)
    lap("reward")
    old, old_values = per_part(lambda part: torch.stack(answer_terms(policy, part)[1:], 1), ids).unbind(1)
    ref = per_part(lambda part: answer_terms(reference, part)[1], ids)
    lap("logprobs")
    rewards_ = -KL * (old - ref)
    rewards_[:, -1] += judged
    advantages = advantages_of(rewards_, old_values)
    returns = advantages + old_values
    advantages = (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)
    lap("advantages")
    for _ in range(epochs):
        for part in torch.randperm(rollouts).split(minibatch):
            figures = learn(ids[part], old[part], old_values[part], advantages[part], returns[part])
            if not 0 < figures[3] < 100:
                raise ArithmeticError(f"the ratio is {figures[3]}")
    lap("update")
    return seconds


for _ in range(WARM_UPS):
    iteration()
runs = [iteration() for _ in range(ITERATIONS)]
report(mode="ppo", size=size, rollouts=rollouts, prompt=prompt, new=new, minibatch=minibatch, epochs=epochs, frozen=frozen, rewards=rewards,
       dtype=dtype, attention=attention, seconds_per_iteration=round(statistics.median(sum(r.values()) for r in runs), 4),
       phases={name: round(statistics.median(r[name] for r in runs), 4) for name in runs[0]})
