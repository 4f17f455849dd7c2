using System.CommandLine;

namespace Attune.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class Arguments
{
    public static Option<string> Model(string description = "model folder in Hugging Face layout, or 'embedded'") =>
        new("--model")
        {
            Description = description,
            Required = true,
            HelpName = "DIR",
        };

    public static Option<string> Out(string? fallback) =>
        new("--out")
        {
            Description = "folder for the run" + (fallback is null ? "" : $" [default: {fallback}]"),
            HelpName = "DIR",
            Required = fallback is null,
            DefaultValueFactory = _ => fallback ?? "",
        };

    public static Option<string?> Template(string before = "") =>
        new("--template")
        {
            Description = before + "chat template of a model that has none of its own; left out, chatml",
            HelpName = "chatml|llama2|llama3|plain",
        };

    public static Option<bool> Resume() => new("--resume") { Description = "go on with the run in --out" };

    public static Option<string[]> Set() =>
        new("--set")
        {
            Description = "override a recipe key, e.g. --set ppo.kl_coefficient=0.1; may be given several times",
            HelpName = "KEY=VALUE",
            AllowMultipleArgumentsPerToken = false,
        };

    public static Option<ulong> Seed() =>
        new("--seed")
        {
            Description = "all chance derives from it",
            HelpName = "N",
            DefaultValueFactory = _ => 1UL,
        };

    public static Option<bool> Json(string description = "print JSON for scripts") => new("--json") { Description = description };
}
