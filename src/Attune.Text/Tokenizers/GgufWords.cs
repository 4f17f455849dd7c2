using System.Collections.Immutable;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>llama.cpp's names for how a byte-level tokenizer cuts texts into words (<c>tokenizer.ggml.pre</c>).</summary>
/// <param name="Name">llama.cpp's.</param>
/// <param name="Expression">Cuts words; empty for GPT-2's, which ByteLevel has itself.</param>
/// <param name="DigitsApart">Every numeric character (Unicode's categories N) is a piece of its own first.</param>
public sealed record GgufWords(string Name, string Expression, bool DigitsApart = false)
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";
    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Words in which a capital may only begin, as Mistral's Tekken and OpenAI's o200k cut them.
    private const string Rising = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+";
    private const string Capitals = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*";
    private const string Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Tekken = $@"{Rising}|{Capitals}|\p{{N}}{Rest}";
    private const string O200k = $@"{Rising}(?i:'s|'t|'re|'ve|'m|'ll|'d)?|{Capitals}(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{{N}}{{1,3}}{Rest}";

    /// <summary>What llama.cpp does where a file has no name; its name where a file has this one.</summary>
    internal const string Default = "default";

    // The first of several names of one cutting is the one that is written.
    private static readonly GgufWords[] All =
    [
        .. Each("", false, "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "gigachat"),
        .. Each("", true, "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"),
        .. Each(Llama3, false, "llama-bpe", "llama3", "llama-v3", "falcon3", "dbrx", "smaug-bpe", "glm4", "chatglm-bpe"),
        .. Each(Qwen2, false, "qwen2", "stablelm2", "deepseek-r1-qwen", "hunyuan", "megrez"),
        .. Each(Tekken, false, "tekken"),
        .. Each(O200k, false, "gpt-4o", "llama4"),
        new(Default, "") { Steps = [@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"] },
        new("falcon", "") { Steps = [@"[\p{P}\$\+<=>\^~\|`]+", Gpt2, "[0-9][0-9][0-9]"] },
    ];

    /// <summary>Where there are several: each cuts what those before it left or took out.</summary>
    public ImmutableArray<string> Steps { get; private init; } = Expression.Length == 0 ? [] : [Expression];

    /// <summary>The names that are known here.</summary>
    public static IEnumerable<string> Names => All.Select(w => w.Name);

    /// <summary>Texts begin with the begin token unless the file says otherwise.</summary>
    public bool Begins => Name is "llama-bpe" or "llama3" or "llama-v3" or "falcon3" or "tekken";

    /// <summary>Words that are tokens are taken whole, without merging.</summary>
    public bool IgnoresMerges => Begins;

    /// <summary>By llama.cpp's name; null where it is not known here.</summary>
    public static GgufWords? Named(string name) => All.FirstOrDefault(w => w.Name == name);

    /// <summary>The cutting of a tokenizer.json; null where llama.cpp has no name for it here.</summary>
    public static GgufWords? Of(PipelineVocabulary vocabulary) =>
        All.FirstOrDefault(w => w.Steps.Length < 2 && w.Expression == vocabulary.Words && w.DigitsApart == vocabulary.DigitsApart);

    private static IEnumerable<GgufWords> Each(string expression, bool digitsApart, params string[] names) =>
        names.Select(n => new GgufWords(n, expression, digitsApart));
}
