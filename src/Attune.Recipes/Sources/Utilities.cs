using Attune.Core;
using Attune.Data.Encoding;
using Attune.Text.Tokenizers;
using Attune.Training.Contracts;
using Attune.Training.Rewards;
using Attune.Worlds.Annotators;
using Attune.Worlds.Reviews;
using Attune.Worlds.Tiny;

namespace Attune.Recipes.Sources;

/// <summary>Hidden utilities that simulated annotators can hold, by name.</summary>
public static class Utilities
{
    private const string Reviews = "reviews";
    private const string Tiny = "tiny";
    private const string TinyProxy = "tiny-proxy";

    public static IUtility Named(string name) =>
        name switch
        {
            Reviews => new ReviewUtility(),
            Tiny => new TinyUtility(),
            TinyProxy => new TinyProxy(),
            _ => throw new ConfigurationException(Unknown("utility", name)),
        };

    /// <summary>The utility as a reward to measure answers with.</summary>
    public static TextReward AsReward(string name, ITokenizer tokenizer)
    {
        var utility = Named(name);
        return new TextReward("gold", tokenizer, (prompt, answer) => utility.Of(prompt, answer).Total);
    }

    /// <summary>A utility by name, or what a trained reward model or classifier makes of answers, by its folder.</summary>
    /// <param name="encoder">The policy's.</param>
    /// <param name="owned">Takes what must be disposed in the end.</param>
    public static IReward AsJudge(string kind, string nameOrFolder, Encoder encoder, ICollection<IDisposable> owned) =>
        Directory.Exists(nameOrFolder) ? ModelTerm.Open(kind, nameOrFolder, encoder, owned) : AsReward(nameOrFolder, encoder.Tokenizer);

    /// <summary>As <see cref="Missing"/>, where a folder does too.</summary>
    public static IEnumerable<string> MissingJudge(string key, string? name) => Directory.Exists(name) ? [] : Missing(key, name);

    /// <summary>Whether an answer has a word that the utility's world does not know; null where its world has no words.</summary>
    public static Func<string, bool>? UnknownWordsOf(string? name) =>
        name == Reviews ? answer => Fluency.Read(answer).UnknownWords > 0 : null;

    /// <summary>The sentence about an unknown name; nothing where it is known or left out.</summary>
    public static IEnumerable<string> Missing(string key, string? name) =>
        name is null or Reviews or Tiny or TinyProxy ? [] : [Unknown(key, name)];

    private static string Unknown(string key, string name) => $"{key} '{name}' is not known; there are: {Reviews}, {Tiny}, {TinyProxy}.";
}
