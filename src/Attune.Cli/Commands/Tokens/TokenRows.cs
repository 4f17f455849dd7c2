using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Encoding;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Text.Templates;

namespace Attune.Cli.Commands.Tokens;

/// <summary>A row whose tokens are looked at: a text, a conversation, or ids.</summary>
/// <param name="Place">File and line, for messages.</param>
internal sealed record TokenRow(string Place, string? Text, ImmutableArray<Message> Messages, bool Opens, ImmutableArray<int>? Ids)
{
    private TracedText OfTalk(ChatText model, bool specialSpellings) =>
        TracedText.Of(model.Tokenizer, model.Template, Messages, Opens, specialSpellings);

    /// <summary>The tokens of a text or a conversation.</summary>
    /// <param name="specialSpellings">What is spelt like a special token is one.</param>
    public TracedText Trace(ChatText model, bool specialSpellings)
    {
        try
        {
            return Text is not null
                ? TracedText.Of(model.Tokenizer, Text, specialSpellings)
                : OfTalk(model.Lent ?? model, specialSpellings);
        }
        catch (DataException problem)
        {
            throw new DataException($"{Place}: {problem.Message}");
        }
    }
}

/// <summary>Files of such rows: JSON lines, or one JSON array.</summary>
internal static class TokenRows
{
    private static readonly string[] Known = ["text", "messages", "add_generation_prompt", "ids"];

    /// <param name="takesIds">Whether a row may be ids alone.</param>
    /// <exception cref="DataException">The file cannot be read, or rows are wrong; names each.</exception>
    public static ImmutableArray<TokenRow> Read(string path, bool takesIds)
    {
        var problems = new RowProblems(path);
        var rows = RowSource.Read(path, problems).Rows;
        var read = rows.Select(row => Row(row, takesIds, problems)).ToImmutableArray();
        problems.Throw();
        return read;
    }

    private static TokenRow Row(JsonRow row, bool takesIds, RowProblems problems)
    {
        var fields = new RowFields(row.Fields, (field, problem) => problems.Add(row, field, problem), row.Origin.Texts);
        var place = $"{row.Origin.Path}, {row.Origin.Unit} {row.Number}";
        var allowed = takesIds ? Known : Known[..3];
        foreach (var name in fields.Names.Where(n => !allowed.Contains(n)))
        {
            fields.Fail(name, $"not a field of these rows.{Suggestion.For(name, allowed)} Expected {string.Join(", ", allowed)}.");
        }

        var kinds = allowed.Where(n => n != "add_generation_prompt" && fields.Has(n)).ToArray();
        if (kinds.Length != 1)
        {
            if (!fields.Failed)
            {
                fields.Fail(
                    "text",
                    $"found {kinds.Length} of {string.Join(", ", allowed.Where(n => n != Known[2]))}; expected one of them."
                );
            }

            return new TokenRow(place, "", [], false, null);
        }

        var opens = fields.Has("add_generation_prompt") && fields.Flag("add_generation_prompt");
        return kinds[0] switch
        {
            "text" => new TokenRow(place, fields.Text("text"), [], false, null),
            "ids" => new TokenRow(place, null, [], false, [.. fields.List("ids").Select((id, i) => Id(fields, id, i))]),
            _ => new TokenRow(place, null, fields.Messages("messages"), opens, null),
        };
    }

    private static int Id(RowFields fields, JsonElement value, int index) => fields.WholeNumber(value, $"ids[{index}]");
}
