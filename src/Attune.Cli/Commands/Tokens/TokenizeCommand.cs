using System.CommandLine;
using System.Globalization;
using Attune.Cli.Screens;
using Attune.Data.Encoding;
using Attune.Models.Files;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Spectre.Console;
using Words = Spectre.Console.Text;

namespace Attune.Cli.Commands.Tokens;

/// <summary><c>attune tokenize</c></summary>
internal static class TokenizeCommand
{
    private static readonly Option<string> Model = Arguments.Model();
    private static readonly Option<string?> TextOption = new("--text") { Description = "a text", HelpName = "T" };
    private static readonly Option<string?> FileOption = new("--file")
    {
        Description = "JSON lines: {\"text\": ...}, or {\"messages\": [...], \"add_generation_prompt\": true}",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Against = new("--against")
    {
        Description =
            "compare the ids with those of another tokenizer: a folder, a tokenizer.json, a GGUF file, a SentencePiece .model or BERT's "
            + "vocab.txt. Without a text or a file, over built-in texts that tokenizers disagree on",
        HelpName = "OTHER",
    };

    internal static Option<bool> SpecialSpellings() =>
        new("--special-spellings")
        {
            Description = "take what is spelt like a special token as one, as other programs do; else what people write never is",
        };

    private static readonly Option<bool> Spellings = SpecialSpellings();
    private static readonly Option<string?> Template = Arguments.Template();
    private static readonly Option<bool> Json = Arguments.Json(
        "print one JSON object a row: ids, pieces, offsets (code points), special, text, and of conversations learned; with --against "
            + "text, same, and of model and against ids and pieces"
    );

    public static Command Create()
    {
        var command = new Command(
            "tokenize",
            "Show the tokens of texts and conversations: ids, where each lies in the text, and which ones training learns. A text gets no "
                + "begin or end token; a conversation is written by the model's template. Notes say what the tokenizer's files hold and "
                + "Attune does not do.\n\n"
                + "Examples:\n"
                + "  attune tokenize --model embedded --text \"The film was good.\"\n"
                + "  attune tokenize --model SmolLM2-135M-Instruct.Q4_1.gguf --file chats.jsonl --json\n"
                + "  attune tokenize --model DIR --against DIR/tokenizer.model"
        )
        {
            Model,
            TextOption,
            FileOption,
            Against,
            Template,
            Spellings,
            Json,
        };
        command.Validators.Add(result =>
        {
            var given = (result.GetValue(TextOption) is null ? 0 : 1) + (result.GetValue(FileOption) is null ? 0 : 1);
            if (given > 1 || (given == 0 && result.GetValue(Against) is null))
            {
                result.AddError("give --text or --file, one of the two.");
            }
        });
        command.SetAction(Tokenize);
        return command;
    }

    private static int Tokenize(ParseResult parsed)
    {
        var place = Place(parsed.GetRequiredValue(Model));
        var text = ChatText.Load(place, parsed.GetValue(Template));
        Note(place);
        var rows =
            parsed.GetValue(FileOption) is { } file ? TokenRows.Read(file, takesIds: false)
            : parsed.GetValue(TextOption) is { } one ? [new TokenRow("--text", one, [], false, null)]
            : TokenComparison.BuiltIn;
        if (parsed.GetValue(Against) is { } against)
        {
            var other = Place(against);
            Note(other);
            new TokenComparison(text, ChatText.Load(other), parsed.GetValue(Spellings)).Write(rows, parsed.GetValue(Json));
            return 0;
        }

        var lost = 0;
        foreach (var row in rows)
        {
            var traced = row.Trace(text, parsed.GetValue(Spellings));
            lost += traced.Tokens.Lost;
            if (parsed.GetValue(Json))
            {
                Console.Out.WriteLine(AsJson(text.Tokenizer, traced));
            }
            else
            {
                WriteTable(text.Tokenizer, traced);
            }
        }

        if (lost > 0)
        {
            Terminal.Messages.MarkupLineInterpolated(
                $"[yellow]{lost} bytes have no token in this vocabulary and are left out: the ids do not decode to the texts[/]"
            );
        }

        return 0;
    }

    /// <summary>A tokenizer's own file stands here too.</summary>
    private static string Place(string model) =>
        File.Exists(model) && Path.GetExtension(model).ToUpperInvariant() is (".JSON" or ".MODEL" or ".TXT")
            ? model
            : EmbeddedModel.Resolve(model);

    private static void Note(string place)
    {
        foreach (var note in TokenizerNotes.Of(ModelTexts.Of(place)))
        {
            Terminal.Messages.MarkupLineInterpolated($"[yellow]{place}: {note}[/]");
        }
    }

    private static string AsJson(ITokenizer tokenizer, TracedText traced)
    {
        var ids = traced.Tokens.Ids.ToArray();
        var pieces = ids.Select(tokenizer.Spelling).ToArray();
        var offsets = traced.Tokens.Offsets.Select(o => new[] { o.Start, o.End }).ToArray();
        var special = traced.IsSpecial.ToArray();
        return traced.IsLearned is { } learned
            ? JsonOutput.Line(
                new
                {
                    ids,
                    pieces,
                    offsets,
                    special,
                    text = traced.Text,
                    learned = learned.ToArray(),
                }
            )
            : JsonOutput.Line(
                new
                {
                    ids,
                    pieces,
                    offsets,
                    special,
                    text = traced.Text,
                }
            );
    }

    private static void WriteTable(ITokenizer tokenizer, TracedText traced)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("id", "from", "to", "token", "text");
        var valid = traced.Text.EnumerateRunes().Select(r => r.ToString()).ToArray();
        for (var i = 0; i < traced.Tokens.Ids.Length; i++)
        {
            var (start, end) = traced.Tokens.Offsets[i];
            var style = new Style(
                traced.IsSpecial[i] ? Color.Fuchsia
                : traced.IsLearned is { } learned && learned[i] ? Color.Green
                : Color.Default
            );
            table.AddRow(
                Number(traced.Tokens.Ids[i]),
                Number(start),
                Number(end),
                new Words(Shown(tokenizer.Spelling(traced.Tokens.Ids[i])), style),
                new Words(Shown(string.Concat(valid[start..end])), style)
            );
        }

        Terminal.Output().Write(table);
        var count = string.Create(CultureInfo.InvariantCulture, $"{traced.Tokens.Ids.Length} tokens");
        var parts = traced.IsLearned is { } marks
            ? string.Create(CultureInfo.InvariantCulture, $"{count}, of which training learns {marks.Count(m => m)} (green)")
            : count;
        Console.Out.WriteLine(parts);
    }

    private static Words Number(int value) => new(value.ToString(CultureInfo.InvariantCulture), new Style(Color.Grey));

    internal static string Shown(string text) =>
        string.Concat(
            text.EnumerateRunes()
                .Select(r =>
                    r.Value switch
                    {
                        '\n' => "\\n",
                        '\r' => "\\r",
                        '\t' => "\\t",
                        < 32 or 127 => string.Create(CultureInfo.InvariantCulture, $"\\x{r.Value:x2}"),
                        _ => r.ToString(),
                    }
                )
        );
}
