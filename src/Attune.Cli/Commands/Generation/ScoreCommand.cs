using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Statistics.Hypotheses;
using Attune.Data.Encoding;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Models.Files;
using Attune.Recipes.Binding;
using Attune.Text.Templates;
using Attune.Training.Rewards;
using Spectre.Console;

namespace Attune.Cli.Commands.Generation;

/// <summary><c>attune score</c></summary>
internal static class ScoreCommand
{
    private const int AnswersAtOnce = 64;

    // What a file can be scored as, the most telling first.
    private static readonly ImmutableArray<DatasetKind> Kinds =
    [
        DatasetKind.Preference,
        DatasetKind.Choice,
        DatasetKind.Ranking,
        DatasetKind.UnpairedPreference,
        DatasetKind.Rating,
        DatasetKind.PromptCompletion,
        DatasetKind.LanguageModeling,
    ];

    private static readonly Option<string> Data = new("--data")
    {
        Description = "data file with answers: pairs, choices, rankings, verdicts, ratings, or prompts with completions",
        HelpName = "FILE",
        Required = true,
    };
    private static readonly Option<string?> Columns = Arguments.Columns();
    private static readonly Option<string?> Tokenizer = new("--model")
    {
        Description = "model whose tokenizer and template encode the answers (default: those of --reward-model)",
        HelpName = "DIR",
    };
    private static readonly Option<string?> Template = Arguments.Template();
    private static readonly Option<string?> Out = new("--out")
    {
        Description = "file for the rows with their scores (.jsonl, .json, .gz); without it the summary alone is printed",
        HelpName = "FILE",
    };
    private static readonly Option<bool> Force = OutputFile.Force();

    public static Command Create()
    {
        var command = new Command(
            "score",
            "Score the answers of a data file by a reward model, or by the terms of a reward. Of pairs, choices and rankings it says "
                + "how often the reward agrees with them.\n\n"
                + "Examples:\n"
                + "  attune score --data preferences.jsonl --reward-model runs/reward/final\n"
                + "  attune score --data answers.jsonl --reward-model runs/reward/final --out scored.jsonl\n"
                + "  attune score --data answers.jsonl --model models/qwen --reward \"[{length: 40}]\""
        )
        {
            Data,
            Columns,
            Tokenizer,
            Template,
            Out,
            Force,
        };
        var reward = ScoringReward.Options();
        foreach (var (_, option) in reward)
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancel) => ScoreAsync(parsed, reward, cancel));
        return command;
    }

    private static async Task<int> ScoreAsync(
        ParseResult parsed,
        ImmutableArray<(CommandLineOption Key, Option<string?> Option)> options,
        CancellationToken cancel
    )
    {
        if (parsed.GetValue(Out) is { } target)
        {
            OutputFile.RequireNew(parsed.GetValue(Force), target);
        }

        var (path, columns) = (parsed.GetRequiredValue(Data), parsed.ColumnsOf(Columns));
        var loaded = Read(path, columns);
        NativeSetup.LoadTorch();
        var text = LoadText(parsed, options);
        var encoder = new Encoder(text, lent => Terminal.Messages.MarkupLineInterpolated($"[yellow]{lent.LentNote}[/]"));
        using var reward = ScoringReward.Of(parsed, options, "score needs a reward", encoder)!;
        ImmutableArray<ScoredRow> rows = [.. loaded.Items.Select(ScoredRow.Of)];
        var scores = await ScoreAsync(rows, encoder, reward, cancel);
        foreach (var note in loaded.Dropped.Select(d => d.ToString()).Concat(loaded.Notes).Concat(reward.Notes))
        {
            Terminal.Messages.MarkupLineInterpolated($"[yellow]{note}[/]");
        }

        if (parsed.GetValue(Out) is { } file)
        {
            RowFile.Write(
                file,
                [.. rows.Zip(scores, (r, s) => System.Text.Encoding.UTF8.GetBytes(r.With(s).ToJsonString(JsonOutput.Nodes)))]
            );
        }

        foreach (var line in Summary(rows, scores))
        {
            Console.Out.WriteLine(line);
        }

        return 0;
    }

    private static LoadedData<object> Read(string path, ColumnMap? columns)
    {
        var kinds = DatasetFile.Kinds(path, columns);
        var kind = Kinds.Where(k => kinds.Contains(k)).Cast<DatasetKind?>().FirstOrDefault();
        var holdsAnswers = kind is not null && (kind != DatasetKind.LanguageModeling || !DatasetFile.HoldsTexts(path, columns));
        return holdsAnswers
            ? DatasetFile.ReadAs(kind!.Value, path, columns)
            : throw new DataException($"{path}: found {RowFormats.Describe(kinds[0])}, which have no answers to score.");
    }

    private static ChatText LoadText(ParseResult parsed, ImmutableArray<(CommandLineOption Key, Option<string?> Option)> options)
    {
        var given = options
            .Where(o => parsed.GetValue(o.Option) is not null)
            .ToDictionary(o => o.Key.Name, o => parsed.GetValue(o.Option)!);
        if (given.TryGetValue("--reward-model", out var rewardModel) && !Directory.Exists(rewardModel))
        {
            throw new ConfigurationException($"--reward-model: {rewardModel} is not a folder; expected a reward model's.");
        }

        var folder = given.Count > 0 ? parsed.GetValue(Tokenizer) ?? rewardModel : null;
        return folder is null
            ? throw new ConfigurationException("score needs --reward-model, or --reward and a --model whose tokenizer encodes the answers.")
            : ChatText.Load(EmbeddedModel.Resolve(folder), parsed.GetValue(Template));
    }

    /// <summary>For each row the scores of its answers.</summary>
    private static async Task<ImmutableArray<double[]>> ScoreAsync(
        ImmutableArray<ScoredRow> rows,
        Encoder encoder,
        ScoringReward reward,
        CancellationToken cancel
    )
    {
        Rollout[] answers =
        [
            .. rows.SelectMany(r => r.Answers.Select((a, i) => GivenAnswer.Rollout(encoder, r.Prompt, a, r.Cut.Contains(i)))),
        ];
        var scores = new List<double>();
        await ProgressScreen.WatchAsync(async screen =>
        {
            foreach (var batch in answers.Chunk(AnswersAtOnce))
            {
                scores.AddRange((await reward.ScoreAsync(batch, cancel)).Select(s => s.Total));
                screen.Report("answers", scores.Count, answers.Length, "");
            }

            return scores.Count;
        });
        var start = 0;
        return [.. rows.Select(r => scores.Slice(start, r.Answers.Length).ToArray()).Select(s => (start += s.Length, s).s)];
    }

    private static IEnumerable<string> Summary(ImmutableArray<ScoredRow> rows, ImmutableArray<double[]> scores)
    {
        double[] all = [.. scores.SelectMany(s => s)];
        var mean = all.Average();
        var deviation = Math.Sqrt(all.Average(s => (s - mean) * (s - mean)));
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{rows.Length} rows, {all.Length} answers: mean score {mean:0.000}, standard deviation {deviation:0.000}"
        );
        var pairs = rows.Zip(scores)
            .SelectMany(r => r.First.Pairs.Select(p => Math.Sign(r.Second[p.Better] - r.Second[p.Worse])))
            .ToArray();
        if (pairs.Length > 0)
        {
            // A tie is half an agreement.
            var agreed = pairs.Sum(p => (p + 1) / 2.0);
            var (low, high) = Proportion.Score(agreed, pairs.Length);
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"agrees with {agreed / pairs.Length:P1} of {pairs.Length} pairs (95% interval {low:P1} to {high:P1})"
            );
        }
    }
}
