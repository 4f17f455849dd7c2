using Attune.Core;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers;

/// <summary>Tokenizers on disk.</summary>
public static class TokenizerFiles
{
    /// <summary>
    /// The tokenizer whose files lie in a folder: <c>tokenizer.json</c> with GPT-2's byte-level BPE or single letters, SentencePiece's
    /// <c>tokenizer.model</c>, any other <c>tokenizer.json</c>, <c>vocab.json</c> with <c>merges.txt</c>, or BERT's <c>vocab.txt</c>. Where
    /// several are there, the first of these.
    /// </summary>
    /// <exception cref="ModelFileException">No tokenizer is there, or its files are damaged, contradict each other or are of an unknown
    /// kind.</exception>
    public static ITokenizer Load(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new ModelFileException($"{directory}: no such folder; expected one with a tokenizer's files.");
        }
        string At(string name) => Path.Combine(directory, name);
        var json = JsonFile.ReadIfThere(At("tokenizer.json"));
        if (json is not null && TokenizerJson.IsLikeGpt2(json))
        {
            return TokenizerJson.Read(json, At("tokenizer.json"), directory);
        }
        if (json is not null && LetterTokenizer.IsLetters(json))
        {
            return LetterTokenizer.Read(json, At("tokenizer.json"));
        }
        if (File.Exists(At("tokenizer.model")))
        {
            return SentencePieceFiles.Load(directory);
        }
        if (json is not null)
        {
            return PipelineTokenizer.Load(json, At("tokenizer.json"), directory);
        }
        if (File.Exists(At("vocab.json")) && File.Exists(At("merges.txt")))
        {
            return BytePairFiles.LoadVocabAndMerges(At("vocab.json"), At("merges.txt"), directory);
        }
        if (File.Exists(At(WordPieceFiles.Name)))
        {
            return WordPieceFiles.Load(directory);
        }
        throw new ModelFileException(
            $"{directory}: no tokenizer found; expected tokenizer.json, tokenizer.model, vocab.json and merges.txt, or vocab.txt."
        );
    }

    /// <summary>
    /// llama2.c's tokenizer.bin, as a SentencePiece tokenizer: saved, it becomes a <c>tokenizer.model</c> that other tools read too.
    /// </summary>
    /// <param name="vocabularySize">The model's, to find a tokenizer of another model out.</param>
    /// <exception cref="ModelFileException">No such file, cut short, or of another size.</exception>
    public static ITokenizer ImportLlama2C(string path, int vocabularySize) => Llama2CTokenizer.Read(path, vocabularySize);

    /// <summary>
    /// A SentencePiece tokenizer (byte-pair encoding) from its pieces, as <see cref="SentencePieceTokenizer.Pieces"/> gives them.
    /// </summary>
    /// <param name="begin">The id put before a text; null for none.</param>
    /// <param name="source">Where they come from, for messages.</param>
    /// <exception cref="ModelFileException">A type is unknown, or an id is not a piece's.</exception>
    public static SentencePieceTokenizer FromPieces(
        IReadOnlyList<(string Text, float Score, int Type)> pieces,
        int? begin,
        int end,
        string source
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
        var model = new SentencePieceModel([.. pieces.Select(p => new Piece(p.Text, p.Score, (PieceType)p.Type))], begin ?? -1, end);
        return new SentencePieceTokenizer(
            model.Serialize(),
            source,
            new Dictionary<string, int>(),
            new SpecialTokens(begin is { } first ? pieces[first].Text : null, pieces[end].Text, null)
        );
    }
}
