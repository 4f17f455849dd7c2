using Attune.Core;
using Attune.Text.Tokenizers.Pieces;

namespace Attune.Text.Tokenizers;

/// <summary>Tokenizers on disk.</summary>
public static class TokenizerFiles
{
    /// <summary>
    /// The tokenizer whose files lie in a folder: <c>tokenizer.json</c>, SentencePiece's <c>tokenizer.model</c>, <c>vocab.json</c> with
    /// <c>merges.txt</c>, or BERT's <c>vocab.txt</c>. Where several are there, the first of these. Or the tokenizer in a GGUF file.
    /// </summary>
    /// <exception cref="ModelFileException">No tokenizer is there, or its files are damaged, contradict each other or are of an unknown
    /// kind.</exception>
    public static ITokenizer Load(string place) => Load(ModelTexts.Of(place));

    /// <exception cref="ModelFileException">As for a folder.</exception>
    public static ITokenizer Load(ModelTexts texts)
    {
        var json = texts.JsonIfThere("tokenizer.json");
        TokenizerJson.AddConfigured(json, texts.JsonIfThere("tokenizer_config.json"));
        if (json is not null && TokenizerJson.IsLikeGpt2(json))
        {
            return TokenizerJson.Read(json, texts.PathOf("tokenizer.json"), texts);
        }
        if (json is not null && LetterTokenizer.IsLetters(json))
        {
            return LetterTokenizer.Read(json, texts.PathOf("tokenizer.json"));
        }
        if (json is not null)
        {
            return PipelineTokenizer.Load(json, texts.PathOf("tokenizer.json"), texts);
        }
        if (texts.Has("tokenizer.model"))
        {
            return SentencePieceFiles.Load(texts);
        }
        if (texts.Has("vocab.json") && texts.Has("merges.txt"))
        {
            return BytePairFiles.LoadVocabAndMerges(texts.PathOf("vocab.json"), texts.PathOf("merges.txt"), texts);
        }
        if (texts.Has(WordPieceFiles.Name))
        {
            return WordPieceFiles.Load(texts);
        }
        throw new ModelFileException(
            $"{texts.Place}: no tokenizer found; expected tokenizer.json, tokenizer.model, vocab.json and merges.txt, or vocab.txt."
        );
    }

    /// <summary>
    /// llama2.c's tokenizer.bin as a SentencePiece tokenizer, or SentencePiece's own <c>.model</c> file. Saved, it becomes a
    /// <c>tokenizer.model</c> and a <c>tokenizer.json</c> that other tools read too.
    /// </summary>
    /// <param name="vocabularySize">The model's, to find a tokenizer of another model out.</param>
    /// <exception cref="ModelFileException">No such file, cut short, or of another size.</exception>
    public static ITokenizer ImportLlama2C(string path, int vocabularySize) =>
        path.EndsWith(".model", StringComparison.OrdinalIgnoreCase)
            ? SentencePieceFiles.Import(path, vocabularySize)
            : Llama2CTokenizer.Read(path, vocabularySize);

    /// <summary>
    /// A SentencePiece tokenizer (byte-pair encoding) from its pieces, as <see cref="SentencePieceTokenizer.Pieces"/> gives them.
    /// </summary>
    /// <param name="begin">The id put before a text; null for none.</param>
    /// <param name="source">Where they come from, for messages.</param>
    /// <param name="putsSpace">Whether a space is put before each text.</param>
    /// <exception cref="ModelFileException">A type is unknown, or an id is not a piece's.</exception>
    public static SentencePieceTokenizer FromPieces(
        IReadOnlyList<(string Text, float Score, int Type)> pieces,
        int? begin,
        int end,
        string source,
        bool putsSpace = true
    )
    {
        if (pieces.FirstOrDefault(p => !Enum.IsDefined((PieceType)p.Type)) is { Text: not null } odd)
        {
            throw new ModelFileException($"{source}: the token '{odd.Text}' is of type {odd.Type}; expected 1 to 6.");
        }
        if (end >= pieces.Count || begin >= pieces.Count)
        {
            throw new ModelFileException($"{source}: begin and end are tokens {begin} and {end}, of {pieces.Count}.");
        }
        var model = new SentencePieceModel([.. pieces.Select(p => new Piece(p.Text, p.Score, (PieceType)p.Type))], begin ?? -1, end)
        {
            PutsSpace = putsSpace,
        };
        return new SentencePieceTokenizer(
            model.Serialize(),
            source,
            [],
            new SpecialTokens(begin is { } first ? pieces[first].Text : null, pieces[end].Text, null),
            spaceAfterTokens: true
        );
    }
}
