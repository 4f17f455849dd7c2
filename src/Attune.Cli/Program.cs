using System.CommandLine;
using Attune.Cli;
using Attune.Cli.Commands;
using Attune.Cli.Commands.Data;
using Attune.Cli.Commands.Feedback;
using Attune.Cli.Commands.Generation;
using Attune.Cli.Commands.Models;
using Attune.Cli.Commands.Tokens;
using Attune.Cli.Native;

NativeSetup.Apply();
using var stop = new Interruption(args);
var root = new RootCommand(
    "Attune teaches language models what people prefer: supervised fine-tuning, preferences, reward models, PPO, DPO "
        + "and related methods.\n\nExample: attune demo"
);
Command[] commands =
[
    DemoCommand.Create(),
    RunCommand.Create(),
    .. StageCommand.All(),
    StageCommand.Judge(),
    GenerateCommand.Create(),
    ChatCommand.Create(stop.Instead),
    EvaluateCommand.Create(),
    TokenizeCommand.Create(),
    ModelCommand.Create(),
    DataCommand.Create(),
    ServeCommand.Create(),
    FeedbackCommand.Create(),
    FrontierCommand.Create(),
    FigureCommand.Create(),
    BenchCommand.Create(),
];
foreach (var command in commands)
{
    root.Add(command);
}

return await Invocation.RunAsync(root, args, stop.Token);
