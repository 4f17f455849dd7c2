using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Data.Sources;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;

namespace Attune.Feedback.Exchange;

/// <summary>Gathers the rows of a file: one item for each content, with the labels of all rows that have it.</summary>
internal sealed class LabelReading(ILabelFile file, string format, ImportOptions options, RowProblems problems)
{
    private readonly List<(ItemContent Content, List<ExistingLabel> Labels)> _items = [];
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);
    private readonly List<(string, string?)> _leftOut = [];

    /// <summary>Rows that hold nothing to judge.</summary>
    public int Empty { get; private set; }

    public ImmutableArray<LeftOut> LeftOut => Labels.LeftOut.Of(_leftOut);

    public ImmutableArray<NewItem> Items => [.. _items.Select(i => new NewItem(i.Content) { Labels = [.. i.Labels] })];

    /// <summary>Thumbs for verdicts, else the scale of the ratings found.</summary>
    public ProjectSettings Settings
    {
        get
        {
            double[] ratings =
            [
                .. _items.SelectMany(i => i.Labels).Select(l => l.Judgement).OfType<RatingJudgement>().Select(r => r.Value),
            ];
            var settings = new ProjectSettings();
            return file.Kind != ProjectKind.Rating || ratings.Length == 0 ? settings
                : ratings.All(r => r is 0 or 1) ? settings with { Worst = 0, Best = 1 }
                : settings with { Worst = Math.Min(1, ratings.Min()), Best = Math.Max(5, ratings.Max()) };
        }
    }

    public void Add(JsonRow line, JsonObject row)
    {
        var place = $"{line.Origin.Unit} {line.Number}";
        var context = new FormatContext(file.Kind, new ProjectSettings(), options.Tokenizer)
        {
            Row = line.Fields,
            Texts = line.Origin.Texts,
            Flagged = options.Flagged,
        };
        var key = KeyOf(line.Fields);
        if (Read(line, row, context) is not { } read)
        {
            return;
        }
        _leftOut.AddRange(context.LeftOut.Select(reason => (reason, (string?)place)));
        Empty += read.Length == 0 && context.LeftOut.Count == 0 ? 1 : 0;
        foreach (var (i, found) in read.Index())
        {
            Take(found, place, new LabelSource($"{key}/{i}", IsId: false));
        }
    }

    /// <summary>Null where the row is left out.</summary>
    private ReadRow[]? Read(JsonRow line, JsonObject row, FormatContext context)
    {
        try
        {
            return [.. file.Read(row, context)];
        }
        catch (DroppedRowException drop)
        {
            _leftOut.Add((drop.Message, $"{line.Origin.Unit} {line.Number}"));
        }
        catch (RowException problem)
        {
            Refuse(line, problem.Field, problem.Message);
        }
        catch (Exception problem)
            when (problem
                    is InvalidOperationException
                        or ArgumentException
                        or JsonException
                        or FormatException
                        or NullReferenceException
                        or InvalidCastException
            )
        {
            Refuse(line, "", $"not a row of {format}: {problem.Message}");
        }

        return null;
    }

    /// <summary>A row that is not as expected; an error only where no row of the file is.</summary>
    private void Refuse(JsonRow line, string field, string problem)
    {
        problems.Add(line, field.Length == 0 ? null : field, problem);
        _leftOut.Add(((field.Length == 0 ? "" : $"\"{field}\" ") + problem.TrimEnd('.'), $"{line.Origin.Unit} {line.Number}"));
    }

    private void Take(ReadRow row, string place, LabelSource source)
    {
        if (ItemWriter.Misfit(row.Content, file.Kind) is { } misfit)
        {
            _leftOut.Add((misfit.TrimEnd('.'), place));
            return;
        }
        var key = AnswerOrders.Key(row.Content, file.Kind);
        if (!_places.TryGetValue(key, out var index))
        {
            _places[key] = index = _items.Count;
            _items.Add((row.Content, []));
        }
        if (row.Label is not { } label || !options.Labels)
        {
            return;
        }
        var (content, labels) = _items[index];
        var named = label with { Annotator = label.Annotator ?? options.Annotator, Source = label.Source ?? source, Place = place };
        if (Problem(named.Judgement, row.Content) is { } problem)
        {
            _leftOut.Add((problem.TrimEnd('.'), place));
            return;
        }
        labels.Add(AnswerOrders.Turn(named, AnswerOrders.Between(row.Content, content)));
    }

    private string? Problem(Judgement judgement, ItemContent content)
    {
        // The scale of ratings follows from what is found.
        var any = new ProjectSettings { Worst = double.MinValue, Best = double.MaxValue };
        return JudgementRules.Problems(judgement, file.Kind, any, content, 0).FirstOrDefault();
    }

    /// <summary>Equal rows of one file are told apart by their number, so that a file that grew is recognised.</summary>
    private string KeyOf(JsonElement fields)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(fields.GetRawText())))[..24];
        var number = _seen[hash] = _seen.GetValueOrDefault(hash) + 1;
        return $"{format}:{hash}/{number}";
    }
}
