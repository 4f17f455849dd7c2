using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Feedback.Exchange;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;

namespace Attune.Web.Projects;

/// <summary>
/// Reads items with answers to judge from a file of rows. Existing judgements are left out, and the answers are put in an order that does
/// not reveal them.
/// </summary>
public static class ItemFile
{
    /// <returns>The items. Rows with only a prompt give items without answers.</returns>
    /// <exception cref="DataException">The file cannot be read, or its rows do not fit the kind.</exception>
    public static ImmutableArray<NewItem> Read(string path, ProjectKind kind) => ReadAll(path, kind).Items;

    /// <summary>The items, what was left out of the file, and what a manager should know about it.</summary>
    /// <inheritdoc cref="Read"/>
    public static UploadedItems ReadAll(string path, ProjectKind kind)
    {
        if (UnlabelledRows.TryRead(path, kind) is { } bare)
        {
            return bare;
        }
        if (kind == ProjectKind.Chat)
        {
            return Of(DatasetFile.Read<Prompt>(path), p => Item(p));
        }
        return TryDetect(path) is { } found ? OfDataset(path, kind, found) : OfPublicFormat(path, kind);
    }

    private static UploadedItems OfDataset(string path, ProjectKind kind, DatasetKind found) =>
        (kind, found) switch
        {
            (ProjectKind.Comparison or ProjectKind.Ranking or ProjectKind.BestOf, DatasetKind.Preference) => Of(
                DatasetFile.Read<Preference>(path),
                p => Mixed(p.Prompt, [p.Chosen, p.Rejected])
            ),
            (ProjectKind.Comparison or ProjectKind.Ranking or ProjectKind.BestOf, DatasetKind.Choice) => Of(
                DatasetFile.Read<Choice>(path),
                c => Mixed(c.Prompt, c.Answers)
            ),
            (ProjectKind.Comparison or ProjectKind.Ranking or ProjectKind.BestOf, DatasetKind.Ranking) => Of(
                DatasetFile.Read<Ranking>(path),
                r => Mixed(r.Prompt, r.Answers)
            ),
            (ProjectKind.Steps, DatasetKind.Stepwise) => Of(
                DatasetFile.Read<StepLabels>(path),
                s => Item(s.Prompt, Candidate.OfSteps(s.Steps.Select(step => step.Text)))
            ),
            (ProjectKind.Rating or ProjectKind.Spans, DatasetKind.UnpairedPreference) => Of(
                DatasetFile.Read<Verdict>(path),
                v => Item(v.Prompt, new Candidate(v.Answer))
            ),
            (ProjectKind.Rating or ProjectKind.Spans, DatasetKind.PromptCompletion) => Of(
                DatasetFile.Read<Demonstration>(path),
                d => Item(d.Prompt, new Candidate(d.Answer))
            ),
            (_, DatasetKind.PromptOnly) => Of(DatasetFile.Read<Prompt>(path), p => Item(p)),
            _ => throw new DataException(
                $"{Path.GetFileName(path)} holds rows of kind {found}, which have no answers for a project of kind {kind}; "
                    + $"expected rows with {UnlabelledRows.Expected(kind)}."
            ),
        };

    private static UploadedItems Of<T>(LoadedData<T> data, Func<T, NewItem> item) =>
        new([.. data.Items.Select(item)], [.. data.Dropped.Select(d => new LeftOut(d.Reason, d.Count, []))], data.Notes);

    /// <summary>The items of formats that the store imports, such as PRM800K and summarise-from-feedback, to be labelled again.</summary>
    private static UploadedItems OfPublicFormat(string path, ProjectKind kind)
    {
        var file = ImportFile.Read(path, null, null, labels: false);
        return file.Kind == kind
            ? new UploadedItems(file.Items, file.LeftOut, [])
            : throw new DataException(
                $"{Path.GetFileName(path)} holds {file.Format} rows, which ask for a project of kind {file.Kind}, not {kind}; "
                    + $"expected rows with {UnlabelledRows.Expected(kind)}."
            );
    }

    /// <summary>Null if the rows are of no known kind.</summary>
    private static DatasetKind? TryDetect(string path)
    {
        try
        {
            return DatasetFile.Detect(path);
        }
        catch (DataException)
        {
            return null;
        }
    }

    internal static NewItem Item(Prompt prompt, params ImmutableArray<Candidate> candidates) => new(new ItemContent(prompt, candidates));

    private static NewItem Mixed(Prompt prompt, ImmutableArray<string> answers) =>
        Item(
            prompt,
            [
                .. answers
                    .OrderBy(a => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(a))), StringComparer.Ordinal)
                    .Select(a => new Candidate(a)),
            ]
        );
}
