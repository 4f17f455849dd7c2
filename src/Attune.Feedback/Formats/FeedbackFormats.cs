using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>The public formats that the store reads and writes.</summary>
public static class FeedbackFormats
{
    private const int Looked = 100;

    internal static ImmutableArray<IExchangeFormat> All { get; } =
    [
        new HhRlhf(),
        new Prm800K(),
        new Ziegler(),
        new SummarizeFeedback(),
        new FineGrained(),
        new OpenAssistant(),
        new ChatbotArena(),
        new AlpacaFarm(),
        new LabelStudio(),
        new Potato(),
        new Argilla(),
        new Doccano(),
        new TimedEpisodes(),
        new Trl(),
    ];

    public static ImmutableArray<string> Names { get; } = [.. All.Select(f => f.Name)];

    /// <summary>Those that exports can have; the others are read only.</summary>
    public static ImmutableArray<string> Written { get; } = [.. All.Where(f => !f.Writes.IsEmpty).Select(f => f.Name)];

    /// <summary>The formats that can hold the labels of such a project; chats are told as the comparisons of their turns.</summary>
    public static ImmutableArray<string> For(ProjectKind kind) =>
        [.. All.Where(f => f.Writes.Contains(kind == ProjectKind.Chat ? ProjectKind.Comparison : kind)).Select(f => f.Name)];

    /// <summary>Whether a format's rows hold token ids, so that it needs a tokenizer.</summary>
    public static bool NeedsTokenizer(string format) => format == Ziegler.FormatName;

    /// <exception cref="ConfigurationException">No such format.</exception>
    internal static IExchangeFormat Named(string name) =>
        All.FirstOrDefault(f => f.Name == name)
        ?? throw new ConfigurationException(
            $"there is no format '{name}'.{Suggestion.For(name, Names)} Formats: {string.Join(", ", Names)}."
        );

    /// <summary>The first format that fits a file's first rows; TRL's, which require least, come last.</summary>
    /// <exception cref="DataException">The rows fit none.</exception>
    internal static IExchangeFormat Of(IEnumerable<JsonObject> rows, string path)
    {
        JsonObject[] first = [.. rows.Take(Looked)];
        return first.Select(r => All.FirstOrDefault(f => f.Fits(r))).FirstOrDefault(f => f is not null)
            ?? throw new DataException(
                $"{path}: the fields {string.Join(", ", first[0].Select(f => f.Key).Take(12))} fit no format; expected rows of "
                    + $"{string.Join(", ", Names)}."
            );
    }
}
