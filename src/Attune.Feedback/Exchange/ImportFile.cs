using System.Collections.Immutable;
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
/// <param name="Empty">Rows that hold nothing to judge, such as trees without ranked replies.</param>
public sealed record ImportFile(string Format, ProjectKind Kind, ImmutableArray<NewItem> Items, int Rows, int Empty)
{
    /// <summary>Project settings that fit the labels: thumbs for verdicts, else the scale of the ratings found.</summary>
    public ProjectSettings Settings { get; private init; } = new();

    /// <summary>Rows and labels that were left out, by reason, with the first lines.</summary>
    public ImmutableArray<LeftOut> LeftOut { get; private init; } = [];

    /// <summary>How the file was understood, where there was a choice.</summary>
    public ImmutableArray<string> Notes { get; private init; } = [];

    /// <summary><see cref="LeftOut"/> without the lines, as data files count it.</summary>
    public ImmutableArray<DroppedRows> Dropped => [.. LeftOut.Select(l => new DroppedRows(l.Reason, l.Count))];

    /// <inheritdoc cref="Read(string, ImportOptions)"/>
    public static ImportFile Read(string path, string? format, ITokenizer? tokenizer, bool labels = true) =>
        Read(
            path,
            new ImportOptions
            {
                Format = format,
                Tokenizer = tokenizer,
                Labels = labels,
            }
        );

    /// <summary>Reads a file, as <see cref="RowSource"/> does. Rows that cannot be used are left out and counted.</summary>
    /// <exception cref="DataException">
    /// The file cannot be read, or no row of it can be used: the first ten errors, with lines and fields.
    /// </exception>
    public static ImportFile Read(string path, ImportOptions options)
    {
        var problems = new RowProblems(path);
        var source = RowSource.Read(path, problems);
        problems.Throw();
        var rows = FileShapes.Rows(source.Rows);
        var format = options.Format is null ? FeedbackFormats.Of(rows.Select(r => r.Row), path) : FeedbackFormats.Named(options.Format);
        var file = format.Open([.. rows.Select(r => r.Row)], path, options);
        var reading = new LabelReading(file, format.Name, options, problems);
        foreach (var (line, row) in rows)
        {
            reading.Add(line, row);
        }

        if (reading.Items.IsEmpty)
        {
            problems.Throw();
        }
        return new ImportFile(format.Name, file.Kind, reading.Items, rows.Length, reading.Empty)
        {
            Settings = reading.Settings,
            LeftOut = reading.LeftOut,
            Notes = file.Notes,
        };
    }
}
