using Attune.Core;

namespace Attune.Text.Tokenizers;

/// <summary>Tokenizers on disk.</summary>
public static class TokenizerFiles
{
    /// <summary>
    /// The tokenizer whose files lie in a folder: <c>tokenizer.json</c> with a byte-level BPE model, or <c>vocab.json</c> with <c>merges.txt</c>.
    /// </summary>
    /// <exception cref="ModelFileException">No tokenizer is there, or its files are damaged, contradict each other or are of an unknown kind.</exception>
    public static ITokenizer Load(string directory)
    {
        if (!Directory.Exists(directory))
            throw new ModelFileException($"{directory}: no such folder; expected one with a tokenizer's files.");
        string At(string name) => Path.Combine(directory, name);
        var json = JsonFile.ReadIfThere(At("tokenizer.json"));
        if (json is not null && TokenizerJson.IsByteLevel(json))
            return TokenizerJson.Read(json, At("tokenizer.json"), directory);
        if (File.Exists(At("vocab.json")) && File.Exists(At("merges.txt")))
            return BytePairFiles.LoadVocabAndMerges(At("vocab.json"), At("merges.txt"), directory);
        if (json is not null)
            return TokenizerJson.Read(json, At("tokenizer.json"), directory);
        throw new ModelFileException($"{directory}: no tokenizer found; expected tokenizer.json, or vocab.json and merges.txt.");
    }

    /// <summary>A byte-level BPE tokenizer from GPT-2's two files, wherever they lie and whatever they are called.</summary>
    /// <exception cref="ModelFileException">A file is missing, damaged, or the two do not belong together.</exception>
    public static BytePairTokenizer LoadBytePair(string vocabPath, string mergesPath) => BytePairFiles.LoadVocabAndMerges(vocabPath, mergesPath, directory: null);
}
