using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Models.Files;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Recipes;

/// <summary>
/// A README.md for a model that a run made, in the layout of Hugging Face's model cards: what it is, from which model and labels, by which
/// recipe, and what was measured. It holds no times, so that a resumed run writes the same.
/// </summary>
internal static partial class ModelCard
{
    public const string FileName = "README.md";

    /// <param name="before">What the last stage was given.</param>
    /// <param name="after">What it hands over: a card goes into each model that is new.</param>
    /// <param name="stages">All finished stages, the one that made the model last.</param>
    public static void Write(Recipe recipe, Artifacts before, Artifacts after, ImmutableArray<StageResult> stages)
    {
        foreach (
            var folder in new[] { (before.Policy, after.Policy), (before.Reward, after.Reward), (before.Process, after.Process) }
                .Where(m => m.Item2 is not null && m.Item2 != m.Item1 && Directory.Exists(m.Item2))
                .Select(m => m.Item2!)
        )
        {
            var isPolicy = folder == after.Policy && after.Policy != before.Policy;
            AtomicFile.WriteText(Path.Combine(folder, FileName), Text(recipe, before, stages, isPolicy));
        }
    }

    private static string Text(Recipe recipe, Artifacts before, ImmutableArray<StageResult> stages, bool isPolicy)
    {
        var stage = stages[^1];
        var text = new StringBuilder();
        FrontMatter(text, before, stages, isPolicy);
        text.Append(CultureInfo.InvariantCulture, $"# {recipe.Name}: {stage.Title ?? stage.Name}\n\n");
        text.Append(isPolicy ? "A language model" : "A model that scores answers")
            .Append((before.Pretrained ?? before.Policy) is { } from ? $", made from {NameOf(from)}" : "")
            .Append(CultureInfo.InvariantCulture, $" by Attune {RunningProgram.Version}, seed {recipe.Seed}.\n\n");
        text.Append("## How it was made\n\n");
        foreach (var (done, i) in stages.Select((s, i) => (s, i)))
        {
            text.Append(CultureInfo.InvariantCulture, $"{i + 1}. {done.Title ?? done.Name} (`{done.Name}`){Rows(done)}\n");
        }

        Labels(text, stages);
        text.Append("\n<details><summary>The recipe, with every default</summary>\n\n```yaml\n")
            .Append(RecipeWriter.Write(recipe).Trim())
            .Append("\n```\n\n</details>\n\n");
        Figures(text, stage);
        text.Append("## Use\n\n```sh\n")
            .Append(
                isPolicy
                    ? "attune generate --model . --prompt \"...\"\nattune chat --model .\n"
                    : "attune score --data answers.jsonl --reward-model .\n"
            )
            .Append("```\n");
        return text.ToString();
    }

    private static void FrontMatter(StringBuilder text, Artifacts before, ImmutableArray<StageResult> stages, bool isPolicy)
    {
        text.Append("---\nlibrary_name: transformers\n");
        text.Append("pipeline_tag: ").Append(isPolicy ? "text-generation" : "text-classification").Append('\n');
        // The hub takes the name of one of its own models here, and no other.
        if (before.Pretrained is { } origin && NameOf(origin) is var name && name.Contains('/', StringComparison.Ordinal))
        {
            text.Append("base_model: ").Append(name).Append('\n');
        }

        if ((before.Pretrained ?? before.Policy) is { } licensed && LicenceOf(licensed) is { } licence)
        {
            text.Append("license: ").Append(licence).Append('\n');
        }

        text.Append("tags:\n- attune\n");
        foreach (var tag in stages.Select(s => s.Name).Distinct(StringComparer.Ordinal))
        {
            text.Append("- ").Append(tag).Append('\n');
        }

        text.Append("---\n\n");
    }

    private static string Rows(StageResult stage) =>
        stage.Metrics.TryGetValue("examples", out var examples)
            ? string.Create(CultureInfo.InvariantCulture, $": {examples:0} examples{HeldOut(stage)}")
            : HeldOut(stage);

    private static string HeldOut(StageResult stage) =>
        stage.Metrics.TryGetValue("held_out", out var heldOut) && heldOut > 0
            ? string.Create(CultureInfo.InvariantCulture, $", {heldOut:0} held out")
            : "";

    private static void Labels(StringBuilder text, ImmutableArray<StageResult> stages)
    {
        foreach (var snapshot in stages.SelectMany(s => s.Snapshots ?? []))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"\nLabels of people: {snapshot.Labels} of project '{snapshot.Project}' (snapshot {snapshot.Sha256[..12]}).\n"
            );
        }
    }

    private static void Figures(StringBuilder text, StageResult stage)
    {
        text.Append("## Figures\n\n");
        if (stage.Diverged is { } problem)
        {
            text.Append("**Training has diverged: ").Append(problem).Append("**\n\n");
        }

        text.Append("| metric | value |\n|---|---|\n");
        foreach (var (name, value) in stage.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{name}` | {value:G6} |\n");
        }

        text.Append("\nWhat each metric means: docs/metrics.md of Attune.\n\n");
    }

    /// <summary>A model's name: OWNER/MODEL where its folder comes from a hub's cache, else the last name of the path.</summary>
    private static string NameOf(string folder)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        if (Cached().Match(name) is { Success: true } cached)
        {
            return $"{cached.Groups[1].Value}/{cached.Groups[2].Value}";
        }

        return Path.GetFullPath(folder) == Path.GetFullPath(EmbeddedModel.Folder) ? "the model that ships with Attune"
            : name == "final" ? Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(folder))!)
            : Path.GetFileNameWithoutExtension(name);
    }

    /// <summary>The licence in a card's front matter; null where there is none.</summary>
    private static string? LicenceOf(string folder)
    {
        var card = Path.Combine(folder, FileName);
        return File.Exists(card) && Licence().Match(File.ReadAllText(card)) is { Success: true } licence
            ? licence.Groups[1].Value.Trim()
            : null;
    }

    [GeneratedRegex(@"^(.+?)--(.+)@.+$")]
    private static partial Regex Cached();

    [GeneratedRegex(@"\A---\s[\s\S]*?^license:\s*([^\n\r]+)$[\s\S]*?^---\s*$", RegexOptions.Multiline)]
    private static partial Regex Licence();
}
