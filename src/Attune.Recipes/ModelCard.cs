using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Attune.Core.Files;
using Attune.Core.Runs;
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
        var written = RecipeWriter.Write(recipe).Trim();
        FrontMatter(text, before, stages, isPolicy, written);
        text.Append(CultureInfo.InvariantCulture, $"# {recipe.Name}: {stage.Title ?? stage.Name}\n\n");
        text.Append(isPolicy ? "A language model" : "A model that scores answers")
            .Append((before.Pretrained ?? before.Policy) is { } from ? $", made from {CardNames.OfModel(from)}" : "")
            .Append(CultureInfo.InvariantCulture, $" by Attune {RunningProgram.Version}, seed {recipe.Seed}.\n\n");
        text.Append("## How it was made\n\n");
        foreach (var (done, i) in stages.Select((s, i) => (s, i)))
        {
            text.Append(CultureInfo.InvariantCulture, $"{i + 1}. {done.Title ?? done.Name} (`{done.Name}`){Rows(done)}\n");
        }

        Labels(text, stages);
        text.Append("\n<details><summary>The recipe, with every default</summary>\n\n```yaml\n")
            .Append(CardNames.WithoutPlaces(written))
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

    /// <param name="written">The recipe, which names the data.</param>
    private static void FrontMatter(StringBuilder text, Artifacts before, ImmutableArray<StageResult> stages, bool isPolicy, string written)
    {
        text.Append("---\nlibrary_name: transformers\n");
        text.Append("pipeline_tag: ").Append(isPolicy ? "text-generation" : "text-classification").Append('\n');
        // The hub takes the name of one of its own models here, and no other; a model that was made of one names it in its own card.
        if ((before.Pretrained ?? before.Policy) is { } origin && (CardNames.OnHub(origin) ?? FromCard(origin, BaseModel())) is { } name)
        {
            text.Append("base_model: ").Append(name).Append('\n');
        }

        AppendList(text, "datasets", CardNames.DataSets(written));
        if ((before.Pretrained ?? before.Policy) is { } licensed && FromCard(licensed, Licence()) is { } licence)
        {
            text.Append("license: ").Append(licence).Append('\n');
        }

        AppendList(text, "tags", stages.Select(s => s.Name).Distinct(StringComparer.Ordinal).Prepend("attune"));
        text.Append("---\n\n");
    }

    private static void AppendList(StringBuilder text, string key, IEnumerable<string> items)
    {
        foreach (var (item, i) in items.Select((item, i) => (item, i)))
        {
            text.Append(i == 0 ? $"{key}:\n" : "").Append("- ").Append(item).Append('\n');
        }
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

    /// <summary>A value of the front matter of a model's own card; null where there is none.</summary>
    private static string? FromCard(string folder, Regex key)
    {
        var card = Path.Combine(folder, FileName);
        return File.Exists(card) && key.Match(File.ReadAllText(card)) is { Success: true } found ? found.Groups[1].Value.Trim() : null;
    }

    [GeneratedRegex(@"\A---\s[\s\S]*?^base_model:\s*([^\n\r\s\[][^\n\r]*)$[\s\S]*?^---\s*$", RegexOptions.Multiline)]
    private static partial Regex BaseModel();

    [GeneratedRegex(@"\A---\s[\s\S]*?^license:\s*([^\n\r]+)$[\s\S]*?^---\s*$", RegexOptions.Multiline)]
    private static partial Regex Licence();
}
