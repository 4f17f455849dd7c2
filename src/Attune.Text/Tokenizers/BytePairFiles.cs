using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Files;
using Attune.Text.Files;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>The files of a byte-level BPE tokenizer, in the forms GPT-2 and Hugging Face's tokenizers library use.</summary>
internal static class BytePairFiles
{
    private const string GptTwoEnd = "<|endoftext|>";

    public static void Save(BytePairTokenizer tokenizer, string directory)
    {
        var vocabulary = tokenizer.Vocabulary;
        // GPT-2's vocab.json holds the special tokens too.
        var all = new JsonObject();
        foreach (var (spelling, id) in vocabulary.Tokens.Concat(vocabulary.Special).OrderBy(t => t.Value))
        {
            all[spelling] = id;
        }

        JsonFile.Write(Path.Combine(directory, "vocab.json"), all);
        AtomicFile.WriteText(
            Path.Combine(directory, "merges.txt"),
            "#version: 0.2\n" + string.Concat(vocabulary.Merges.Select(m => m + "\n"))
        );
        JsonFile.Write(Path.Combine(directory, "tokenizer.json"), TokenizerJson.Write(tokenizer, all));
        var special = SpecialTokenFiles.Roles(tokenizer.Special);
        JsonFile.Write(Path.Combine(directory, "special_tokens_map.json"), special);
        var config = (JsonObject)special.DeepClone();
        config["add_bos_token"] = tokenizer.BeginToken is not null;
        config["add_prefix_space"] = false;
        config["clean_up_tokenization_spaces"] = false;
        config["tokenizer_class"] = "PreTrainedTokenizerFast";
        JsonFile.Write(Path.Combine(directory, "tokenizer_config.json"), config);
    }

    public static BytePairTokenizer LoadVocabAndMerges(string vocabPath, string mergesPath, ModelTexts? texts)
    {
        var ids = JsonFile.Ids(JsonFile.Read(vocabPath), vocabPath);
        var special = SpecialTokenFiles.Read(texts, ids.ContainsKey(GptTwoEnd) ? GptTwoEnd : null, beginByTemplate: null, vocabPath);
        // A token that no bytes spell can only be special.
        var names = special
            .All.Intersect(ids.Keys)
            .Concat(ids.Keys.Where(k => ByteLetters.Read(k) is null))
            .ToHashSet(StringComparer.Ordinal);
        var vocabulary = new BytePairVocabulary(
            Without(ids, names),
            ReadMerges(mergesPath),
            ids.Where(t => names.Contains(t.Key)).ToDictionary(StringComparer.Ordinal)
        );
        return new BytePairTokenizer(
            vocabulary,
            special with
            {
                Others = [.. names.Except(special.Roles).Order(StringComparer.Ordinal)],
            },
            vocabPath
        );
    }

    internal static Dictionary<string, int> Without(Dictionary<string, int> ids, IEnumerable<string> names)
    {
        var rest = new Dictionary<string, int>(ids, StringComparer.Ordinal);
        foreach (var name in names)
        {
            rest.Remove(name);
        }

        return rest;
    }

    private static ImmutableArray<string> ReadMerges(string path)
    {
        try
        {
            return
            [
                .. File.ReadLines(path)
                    .Where((line, index) => line.Length > 0 && !(index == 0 && line.StartsWith("#version", StringComparison.Ordinal))),
            ];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path}: cannot be read: {problem.Message}", problem);
        }
    }
}
