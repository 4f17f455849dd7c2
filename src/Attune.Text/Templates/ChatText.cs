using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Files;
using Attune.Text.Files;
using Attune.Text.Tokenizers;

namespace Attune.Text.Templates;

/// <summary>A model's tokenizer and chat template, which belong together.</summary>
/// <param name="Warnings">What does not fit together, a sentence each.</param>
public sealed record ChatText(ITokenizer Tokenizer, IChatTemplate Template, ImmutableArray<string> Warnings)
{
    private const string TemplateFile = "chat_template.jinja";

    /// <summary>
    /// The same with ChatML as a template of its own, for a model that has none: what conversations are written in, and what is saved
    /// beside a model that learned from them. Null where the model has a template.
    /// </summary>
    public ChatText? Lent { get; private init; }

    /// <summary>What to tell a person whose model has no template, once a conversation is written.</summary>
    public string LentNote { get; private init; } = "";

    /// <summary>
    /// Reads a model folder or a GGUF file: its tokenizer, and its template from <c>chat_template.jinja</c> or
    /// <c>tokenizer_config.json</c>; ChatML where it has none. A template that ends a turn with another special token than the
    /// tokenizer's end token (Gemma, Phi) ends answers with that one.
    /// </summary>
    /// <param name="named">A built-in template (<see cref="ChatTemplates"/>) for a folder that has none, or a Jinja file, which takes the
    /// place of the folder's own; saved, it is the model's own from then on.</param>
    /// <exception cref="ModelFileException">A file is damaged, or of an unknown kind.</exception>
    /// <exception cref="ConfigurationException">There is no such template, or the folder has another of its own.</exception>
    public static ChatText Load(string folder, string? named = null)
    {
        var texts = ModelTexts.Of(folder);
        var tokenizer = TokenizerFiles.Load(texts);
        var begins = tokenizer.BeginToken is not null;
        var found = FindTemplate(texts);
        if (named is not null && TemplateFiles.IsFile(named))
        {
            var source = TemplateFiles.Read(named);
            var own = With(source, named, tokenizer, texts);
            return found is var (former, where) && former != source
                ? own with
                {
                    Warnings = own.Warnings.Add($"the template in {named} takes the place of the model's own, in {where}."),
                }
                : own;
        }

        if (named is not null)
        {
            var wanted = TemplateSources.Named(named, begins);
            if (found is var (own, place) && own != wanted)
            {
                throw new ConfigurationException(
                    $"the chat template '{named}' is asked for, but the model has its own, in {place}. Leave the name out, or "
                        + "take the model's own away."
                );
            }
            found ??= (wanted, $"the template {named}");
        }

        if (found is var (text, path))
        {
            return With(text, path, tokenizer, texts);
        }

        return new ChatText(tokenizer, ChatTemplates.ChatMl, [])
        {
            Lent = With(TemplateSources.Named("chatml", begins), "the template chatml", tokenizer, texts),
            LentNote = $"{folder} has no chat template: conversations are written in ChatML. --template takes another.",
        };
    }

    private static ChatText With(string source, string path, ITokenizer tokenizer, ModelTexts texts)
    {
        var template = new JinjaTemplate(source, path, Tokens(tokenizer, texts));
        if (template.TurnEnd is not { } end || tokenizer.FindSpecial(end) is not { } id || id == tokenizer.EndToken)
        {
            return new ChatText(tokenizer, template, template.Warnings);
        }
        return new ChatText(
            new TurnEndTokenizer(tokenizer, id),
            template,
            template.Warnings.Add(
                $"{path}: the template ends a turn with {end}, which is not the tokenizer's end token; answers end with {end}."
            )
        );
    }

    /// <summary>The template's text and the file it stands in; null where the folder has none.</summary>
    public static (string Source, string Path)? FindTemplate(string folder) => FindTemplate(ModelTexts.Of(folder));

    private static (string Source, string Path)? FindTemplate(ModelTexts texts)
    {
        if (texts.Has(TemplateFile))
        {
            using var reader = new StreamReader(new MemoryStream(texts.Read(TemplateFile)));
            return (reader.ReadToEnd(), texts.PathOf(TemplateFile));
        }
        var node = texts.JsonIfThere("tokenizer_config.json")?["chat_template"];
        // Some models have several, by name.
        var text = node is JsonArray several
            ? several
                .OfType<JsonObject>()
                .Where(t => JsonFile.Token(t["name"]) == "default")
                .Concat(several.OfType<JsonObject>())
                .Select(t => JsonFile.Token(t["template"]))
                .FirstOrDefault()
            : JsonFile.Token(node);
        return text is null ? null : (text, texts.PathOf("tokenizer_config.json"));
    }

    /// <summary>Writes tokenizer and template so that <see cref="Load"/> finds them.</summary>
    public void Save(string folder)
    {
        Tokenizer.Save(folder);
        if (Template is JinjaTemplate own)
        {
            AtomicFile.WriteText(Path.Combine(folder, TemplateFile), own.Source);
        }
    }

    private static TemplateTokens Tokens(ITokenizer tokenizer, ModelTexts texts)
    {
        // The files name a begin token also where none is put before texts.
        JsonObject?[] files = [texts.JsonIfThere("tokenizer_config.json"), texts.JsonIfThere("special_tokens_map.json")];
        string? Role(string name, int? id) =>
            files.Select(f => JsonFile.Token(f?[name])).FirstOrDefault(t => t is not null)
            ?? (id is null ? null : tokenizer.SpecialTokens.FirstOrDefault(t => tokenizer.FindSpecial(t) == id));
        return new TemplateTokens(
            [.. tokenizer.SpecialTokens],
            Role("bos_token", tokenizer.BeginToken),
            Role("eos_token", tokenizer.EndToken),
            Role("pad_token", null),
            Role("unk_token", null)
        );
    }
}

/// <summary>A tokenizer whose answers end with the token that ends a turn.</summary>
internal sealed class TurnEndTokenizer(ITokenizer inner, int end) : ITokenizer
{
    public int VocabularySize => inner.VocabularySize;
    public int? BeginToken => inner.BeginToken;
    public int EndToken => end;
    public int PadToken => inner.PadToken == end ? inner.VocabularySize : inner.PadToken;
    public IReadOnlyCollection<string> SpecialTokens => inner.SpecialTokens;

    public ImmutableArray<int> Encode(string text) => inner.Encode(text);

    public ImmutableArray<int> EncodeContinuation(string text) => inner.EncodeContinuation(text);

    public ImmutableArray<int> EncodeAfter(int special, string text) => inner.EncodeAfter(special, text);

    public bool TakesSpaceBefore(int special) => inner.TakesSpaceBefore(special);

    public string Spelling(int token) => inner.Spelling(token);

    public EncodedText EncodeWithOffsets(string text) => inner.EncodeWithOffsets(text);

    public EncodedText EncodeContinuationWithOffsets(string text) => inner.EncodeContinuationWithOffsets(text);

    public EncodedText EncodeAfterWithOffsets(int special, string text) => inner.EncodeAfterWithOffsets(special, text);

    public string Decode(ReadOnlySpan<int> tokens) => inner.Decode(tokens);

    public string DecodeContinuation(ReadOnlySpan<int> tokens) => inner.DecodeContinuation(tokens);

    public int? FindSpecial(string token) => inner.FindSpecial(token);

    public void Save(string directory) => inner.Save(directory);
}
