using System.CommandLine;
using Attune.Cli;
using Attune.Cli.Commands;

NativeSetup.Apply();
using var stop = new Interruption();
var root = new RootCommand("Attune teaches language models what people prefer: supervised fine-tuning, preferences, reward models, PPO.\n\nExample: attune demo")
{
    DemoCommand.Create(),
    RunCommand.Create(),
    StageCommand.Create("sft", "Fine-tune a model on demonstrations.", "attune sft --model DIR --data demonstrations.jsonl --out runs/sft"),
    StageCommand.Create("reward", "Train a reward model on feedback.", "attune reward --model DIR --data preferences.jsonl --out runs/reward"),
    StageCommand.Create("ppo", "Align a model with a reward by PPO.", "attune ppo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/ppo"),
    StageCommand.Create("rloo", "Align a model with a reward by RLOO: several answers a prompt, no value network.", "attune rloo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/rloo"),
    StageCommand.Create("grpo", "Align a model with a reward by GRPO: rewards normalised within the answers to a prompt.", "attune grpo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/grpo"),
    StageCommand.Create("rejection-sampling", "Fine-tune a model on the best of its own answers, again and again.", "attune rft --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/rft", name: "rft"),
    GenerateCommand.Create(),
    EvaluateCommand.Create(),
    ModelCommand.Create(),
    DataCommand.Create(),
    FrontierCommand.Create(),
    FigureCommand.Create(),
    BenchCommand.Create(),
};

return await Invocation.RunAsync(root, args, stop.Token);
