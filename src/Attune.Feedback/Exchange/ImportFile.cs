using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Data;
using Attune.Data.Sources;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Text.Tokenizers;

namespace Attune.Feedback.Exchange;

/// <summary>What a file holds, ready to be added to a project.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Repeated">Labels left out because the same person had labelled the same content in an earlier row.</param>
/// <param name="Empty">Rows that hold nothing to judge, such as trees without ranked replies.</param>
public sealed record ImportFile(string Format, ProjectKind Kind, ImmutableArray<NewItem> Items, int Rows, int Repeated, int Empty)
{
    /// <summary>Project settings that fit the labels: thumbs for verdicts, else the scale of the ratings found.</summary>
    public ProjectSettings Settings { get; private init; } = new();

    /// <summary>Rows that are well formed but were left out, by reason.</summary>
    public ImmutableArray<DroppedRows> Dropped { get; private init; } = [];

    /// <summary>Reads a file, as <see cref="RowSource"/> does.</summary>
    /// <param name="format">Null to detect it by the first row's fields.</param>
    /// <param name="tokenizer">For files of token ids.</param>
    /// <param name="labels">False to take only the items, without their labels.</param>
    /// <exception cref="DataException">A row is not as expected: the first ten errors, with lines and fields.</exception>
    public static ImportFile Read(string path, string? format, ITokenizer? tokenizer, bool labels = true)
    {
        var problems = new RowProblems(path);
        var lines = RowSource.Read(path, problems).Rows;
        problems.Throw();
        RequireWhole(lines[0], path);
        var rows = lines.Select(l => (Line: l, Row: JsonObject.Create(l.Fields)!)).ToArray();
        var reader = format is null ? FeedbackFormats.Of(rows[0].Row, path) : FeedbackFormats.Named(format);
        var kind = reader.KindOf(rows[0].Row);
        var context = new FormatContext(kind, new ProjectSettings(), tokenizer);
        var dropped = new List<string>();
        var read = new List<ReadRow>();
        var empty = 0;
        foreach (var (line, row) in rows)
        {
            try
            {
                var found = Read(reader, row, context with { Row = line.Fields, Texts = line.Origin.Texts }, line, problems);
                read.AddRange(found);
                empty += found.IsEmpty ? 1 : 0;
            }
            catch (DroppedRowException drop)
            {
                dropped.Add(drop.Message);
            }
        }

        problems.Throw();
        var (items, repeated) = Gather(read, labels);
        return new ImportFile(reader.Name, kind, items, rows.Length, repeated, empty)
        {
            Settings = Scale(kind, read),
            Dropped = DroppedRows.Of(dropped),
        };
    }

    /// <summary>Label Studio's tables keep labels as cells whose kind only the project's own settings tell.</summary>
    private static void RequireWhole(JsonRow row, string path)
    {
        if (row.Origin.Texts && row.Fields.TryGetProperty("annotation_id", out _) && row.Fields.TryGetProperty("lead_time", out _))
        {
            throw new DataException(
                $"{path}: found a table that Label Studio exported, in which labels have lost their kinds; export the project as JSON."
            );
        }
    }

    private static ImmutableArray<ReadRow> Read(
        IExchangeFormat reader,
        JsonObject row,
        FormatContext context,
        JsonRow line,
        RowProblems problems
    )
    {
        try
        {
            if (reader.KindOf(row) is var kind && kind != context.Kind)
            {
                throw new RowException("", $"asks for {kind}; the rows before ask for {context.Kind}. Expected one kind in a file.");
            }
            return [.. reader.Read(row, context)];
        }
        catch (RowException problem)
        {
            problems.Add(line, problem.Field.Length == 0 ? null : problem.Field, problem.Message);
        }
        catch (Exception problem)
            when (problem is InvalidOperationException or JsonException or FormatException or NullReferenceException or InvalidCastException
            )
        {
            problems.Add(line, null, $"not a row of {reader.Name}: {problem.Message}");
        }

        return [];
    }

    /// <summary>One item for each content, with the labels of all rows that have it.</summary>
    private static (ImmutableArray<NewItem> Items, int Repeated) Gather(List<ReadRow> rows, bool labels)
    {
        var items = new List<(ItemContent Content, List<ExistingLabel> Labels)>();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var repeated = 0;
        foreach (var row in rows)
        {
            var key = Contents.ToRows(row.Content, Guid.Empty, Guid.Empty).Item.ContentSha256;
            if (!places.TryGetValue(key, out var place))
            {
                places[key] = place = items.Count;
                items.Add((row.Content, []));
            }

            if (row.Label is not { } label || !labels)
            {
                continue;
            }
            if (items[place].Labels.Any(l => l.Annotator == label.Annotator))
            {
                repeated++;
            }
            else
            {
                items[place].Labels.Add(label);
            }
        }

        return ([.. items.Select(i => new NewItem(i.Content) { Labels = [.. i.Labels] })], repeated);
    }

    private static ProjectSettings Scale(ProjectKind kind, List<ReadRow> rows)
    {
        var ratings = rows.Select(r => r.Label?.Judgement).OfType<RatingJudgement>().Select(r => r.Value).ToArray();
        var settings = new ProjectSettings();
        if (kind != ProjectKind.Rating || ratings.Length == 0)
        {
            return settings;
        }
        return ratings.All(r => r is 0 or 1)
            ? settings with
            {
                Worst = 0,
                Best = 1,
            }
            : settings with
            {
                Worst = Math.Min(1, ratings.Min()),
                Best = Math.Max(5, ratings.Max()),
            };
    }
}
