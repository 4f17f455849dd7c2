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
    public static ImmutableArray<NewItem> Read(string path, ProjectKind kind)
    {
        if (UnlabelledRows.TryRead(path, kind) is { } bare)
        {
            return bare;
        }
        if (kind == ProjectKind.Chat)
        {
            return [.. DatasetFile.Read<Prompt>(path).Items.Select(p => Item(p))];
        }
        return TryDetect(path) is { } found ? OfDataset(path, kind, found) : OfPublicFormat(path, kind);
    }

    private static ImmutableArray<NewItem> OfDataset(string path, ProjectKind kind, DatasetKind found) =>
        (kind, found) switch
        {
            (ProjectKind.Comparison or ProjectKind.Ranking or ProjectKind.BestOf, DatasetKind.Preference) =>
            [
                .. DatasetFile.Read<Preference>(path).Items.Select(p => Mixed(p.Prompt, [p.Chosen, p.Rejected])),
            ],
            (ProjectKind.Comparison or ProjectKind.Ranking or ProjectKind.BestOf, DatasetKind.Choice) =>
            [
                .. DatasetFile.Read<Choice>(path).Items.Select(c => Mixed(c.Prompt, c.Answers)),
            ],
            (ProjectKind.Comparison or ProjectKind.Ranking or ProjectKind.BestOf, DatasetKind.Ranking) =>
            [
                .. DatasetFile.Read<Ranking>(path).Items.Select(r => Mixed(r.Prompt, r.Answers)),
            ],
            (ProjectKind.Steps, DatasetKind.Stepwise) =>
            [
                .. DatasetFile
                    .Read<StepLabels>(path)
                    .Items.Select(s => Item(s.Prompt, Candidate.OfSteps(s.Steps.Select(step => step.Text)))),
            ],
            (ProjectKind.Rating or ProjectKind.Spans, DatasetKind.UnpairedPreference) =>
            [
                .. DatasetFile.Read<Verdict>(path).Items.Select(v => Item(v.Prompt, new Candidate(v.Answer))),
            ],
            (ProjectKind.Rating or ProjectKind.Spans, DatasetKind.PromptCompletion) =>
            [
                .. DatasetFile.Read<Demonstration>(path).Items.Select(d => Item(d.Prompt, new Candidate(d.Answer))),
            ],
            (_, DatasetKind.PromptOnly) => [.. DatasetFile.Read<Prompt>(path).Items.Select(p => Item(p))],
            _ => throw new DataException(
                $"{Path.GetFileName(path)} holds rows of kind {found}, which have no answers for a project of kind {kind}; "
                    + $"expected rows with {UnlabelledRows.Expected(kind)}."
            ),
        };

    /// <summary>The items of formats that the store imports, such as PRM800K and summarise-from-feedback, to be labelled again.</summary>
    private static ImmutableArray<NewItem> OfPublicFormat(string path, ProjectKind kind)
    {
        var file = ImportFile.Read(path, null, null, labels: false);
        return file.Kind == kind
            ? file.Items
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
