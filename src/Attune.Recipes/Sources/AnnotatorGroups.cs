using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Data.Order;

namespace Attune.Recipes.Sources;

/// <summary>
/// Which group each annotator belongs to: a JSON object of annotators and groups, which <c>attune audit --out</c> writes.
/// </summary>
/// <param name="ByPerson">Null where every annotator is a group.</param>
internal sealed record AnnotatorGroups(ImmutableDictionary<string, string>? ByPerson)
{
    /// <exception cref="DataException">The file is no such object.</exception>
    public static AnnotatorGroups Read(string? path)
    {
        if (path is null)
        {
            return new AnnotatorGroups(ByPerson: null);
        }

        try
        {
            var read = JsonSerializer.Deserialize<ImmutableDictionary<string, string>>(File.ReadAllBytes(path));
            return read is { IsEmpty: false } ? new AnnotatorGroups(read) : throw Wrong(path, "it is empty");
        }
        catch (JsonException problem)
        {
            throw Wrong(path, problem.Message);
        }
    }

    /// <summary>Null where it is not known.</summary>
    public string? Of(string person) => ByPerson is null ? person : ByPerson.GetValueOrDefault(person);

    /// <summary>The labels of one group alone.</summary>
    /// <exception cref="DataException">Nobody of the group labelled anything.</exception>
    public SplitData<TLabel> Only<TLabel>(SplitData<TLabel> rows, string group)
        where TLabel : Label
    {
        bool IsOwn(TLabel label) => label.Annotator is { } person && Of(person) == group;
        var own = new SplitData<TLabel>([.. rows.Training.Where(IsOwn)], [.. rows.HeldOut.Where(IsOwn)]);
        var names = rows.Training.Select(l => l.Annotator).OfType<string>().Select(Of).OfType<string>().Distinct();
        return own.Training.Length > 0
            ? own
            : throw new DataException(
                $"only_group is '{group}', of which no training label is. Groups of these labels: {string.Join(", ", names.Order())}."
            );
    }

    private static DataException Wrong(string path, string problem) =>
        new($"{path}: {problem}. Expected a JSON object of annotators and their groups, such as {{\"ann\": \"brief\", \"bo\": \"long\"}}.");
}
