using System.CommandLine;
using Attune.Cli;
using Attune.Cli.Commands;
using Attune.Cli.Commands.Data;
using Attune.Cli.Commands.Feedback;
using Attune.Cli.Commands.Generation;
using Attune.Cli.Commands.Models;
using Attune.Cli.Native;

NativeSetup.Apply();
using var stop = new Interruption(args);
var root = new RootCommand(
    "Attune teaches language models what people prefer: supervised fine-tuning, preferences, reward models, PPO, DPO and its "
        + "kin.\n\nExample: attune demo"
)
{
    DemoCommand.Create(),
    RunCommand.Create(),
    StageCommand.Create("sft", "Fine-tune a model on demonstrations.", "attune sft --model DIR --data demonstrations.jsonl --out runs/sft"),
    StageCommand.Create(
        "reward",
        "Train a reward model on feedback.",
        "attune reward --model DIR --data preferences.jsonl --out runs/reward"
    ),
    StageCommand.Create(
        "ppo",
        "Align a model with a reward by PPO.",
        "attune ppo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/ppo"
    ),
    StageCommand.Create(
        "rloo",
        "Align a model with a reward by RLOO: several answers a prompt, no value network.",
        "attune rloo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/rloo"
    ),
    StageCommand.Create(
        "grpo",
        "Align a model with a reward by GRPO: rewards normalised within the answers to a prompt.",
        "attune grpo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/grpo"
    ),
    StageCommand.Create(
        "rejection-sampling",
        "Fine-tune a model on the best of its own answers, again and again.",
        "attune rft --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/rft",
        name: "rft"
    ),
    StageCommand.Create(
        "dpo",
        "Learn from preference pairs directly (DPO and its kin).",
        "attune dpo --model DIR --data preferences.jsonl --beta 0.1 --out runs/dpo"
    ),
    StageCommand.Create(
        "ipo",
        "Learn from preference pairs directly (IPO).",
        "attune ipo --model DIR --data preferences.jsonl --beta 0.1 --out runs/ipo"
    ),
    StageCommand.Create(
        "psipo",
        "Learn from preference pairs directly (general Psi-PO).",
        "attune psipo --model DIR --data preferences.jsonl --psi probit --out runs/psipo"
    ),
    StageCommand.Create(
        "kto",
        "Learn from verdicts on single answers (KTO).",
        "attune kto --model DIR --data verdicts.jsonl --out runs/kto"
    ),
    StageCommand.Create(
        "orpo",
        "Imitate chosen answers and avoid rejected ones in one stage (ORPO).",
        "attune orpo --model DIR --data preferences.jsonl --out runs/orpo"
    ),
    StageCommand.Create(
        "simpo",
        "Learn from preference pairs without a reference model (SimPO).",
        "attune simpo --model DIR --data preferences.jsonl --out runs/simpo"
    ),
    StageCommand.Create(
        "slic",
        "Calibrate the likelihood of preference pairs (SLiC).",
        "attune slic --model DIR --data preferences.jsonl --out runs/slic"
    ),
    StageCommand.Create(
        "online-dpo",
        "DPO on the policy's own answers, judged as it goes.",
        "attune online-dpo --model embedded --prompts reviews:prompts --rows 500 --max-new-tokens 64 --out runs/online-dpo"
    ),
    GenerateCommand.Create(),
    EvaluateCommand.Create(),
    ModelCommand.Create(),
    DataCommand.Create(),
    ServeCommand.Create(),
    FeedbackCommand.Create(),
    FrontierCommand.Create(),
    FigureCommand.Create(),
    BenchCommand.Create(),
};

return await Invocation.RunAsync(root, args, stop.Token);
