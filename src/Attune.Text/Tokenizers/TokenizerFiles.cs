using Attune.Core;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>Tokenizers on disk.</summary>
public static class TokenizerFiles
{
    /// <summary>
    /// The tokenizer whose files lie in a folder: <c>tokenizer.json</c> with GPT-2's byte-level BPE or single letters, SentencePiece's <c>tokenizer.model</c>,
    /// any other <c>tokenizer.json</c>, <c>vocab.json</c> with <c>merges.txt</c>, or BERT's <c>vocab.txt</c>. Where several are there, the first of these.
    /// </summary>
    /// <exception cref="ModelFileException">No tokenizer is there, or its files are damaged, contradict each other or are of an unknown kind.</exception>
    public static ITokenizer Load(string directory)
    {
        if (!Directory.Exists(directory))
            throw new ModelFileException($"{directory}: no such folder; expected one with a tokenizer's files.");
        string At(string name) => Path.Combine(directory, name);
        var json = JsonFile.ReadIfThere(At("tokenizer.json"));
        if (json is not null && TokenizerJson.IsLikeGpt2(json))
            return TokenizerJson.Read(json, At("tokenizer.json"), directory);
        if (json is not null && LetterTokenizer.IsLetters(json))
            return LetterTokenizer.Read(json, At("tokenizer.json"));
        if (File.Exists(At("tokenizer.model")))
            return SentencePieceFiles.Load(directory);
        if (json is not null)
            return PipelineTokenizer.Load(json, At("tokenizer.json"), directory);
        if (File.Exists(At("vocab.json")) && File.Exists(At("merges.txt")))
            return BytePairFiles.LoadVocabAndMerges(At("vocab.json"), At("merges.txt"), directory);
        if (File.Exists(At(WordPieceFiles.Name)))
            return WordPieceFiles.Load(directory);
        throw new ModelFileException($"{directory}: no tokenizer found; expected tokenizer.json, tokenizer.model, vocab.json and merges.txt, or vocab.txt.");
    }

    /// <summary>
    /// llama2.c's tokenizer.bin, as a SentencePiece tokenizer: saved, it becomes a <c>tokenizer.model</c> that other tools read too.
    /// </summary>
    /// <param name="vocabularySize">The model's, to find a tokenizer of another model out.</param>
    /// <exception cref="ModelFileException">No such file, cut short, or of another size.</exception>
    public static ITokenizer ImportLlama2C(string path, int vocabularySize) => Llama2CTokenizer.Read(path, vocabularySize);

    /// <summary>A byte-level BPE tokenizer from GPT-2's two files, wherever they lie and whatever they are called.</summary>
    /// <exception cref="ModelFileException">A file is missing, damaged, or the two do not belong together.</exception>
    public static BytePairTokenizer LoadBytePair(string vocabPath, string mergesPath) => BytePairFiles.LoadVocabAndMerges(vocabPath, mergesPath, directory: null);
}
