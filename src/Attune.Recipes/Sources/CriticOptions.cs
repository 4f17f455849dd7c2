using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Attune.Core.Options;
using Attune.Data.Judging;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Training.Serving;
using Microsoft.Extensions.AI;

namespace Attune.Recipes.Sources;

/// <summary>Who criticises, revises and compares.</summary>
public enum CriticKind
{
    /// <summary>A language model.</summary>
    Model,

    /// <summary>The policy itself, as in the paper.</summary>
    Policy,

    /// <summary>The words that the principles avoid.</summary>
    Rule,
}

/// <summary>A critic, as a recipe describes it.</summary>
public sealed record CriticOptions
{
    [Description("model (a language model), policy (the policy itself) or rule (the words that the principles avoid)")]
    public CriticKind Kind { get; init; } = CriticKind.Model;

    [Flatten]
    public ChatModelOptions Chat { get; init; } = new();

    [Description("questions in flight at once")]
    [Range(1, 1000)]
    public int Parallel { get; init; } = 8;

    [Description("longest critique, revision or thought, in tokens")]
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 256;

    [Description("temperature of critiques, revisions, thoughts and votes")]
    [Range(0, 2)]
    public double Temperature { get; init; } = 1;

    /// <param name="key">Where it stands: "constitutional.critic".</param>
    internal IEnumerable<string> Missing(string key) =>
        Kind == CriticKind.Model ? Chat.Missing(key)
        : Chat.Model is not null
            ? [$"{key}.model is given, but {key}.kind is {(Kind == CriticKind.Rule ? "rule" : "policy")}. Leave one of them out."]
        : [];

    /// <summary>The model that is asked.</summary>
    private ChatModelOptions Asked(StageContext context) =>
        Kind == CriticKind.Policy ? new ChatModelOptions { Model = context.RequirePolicy() } : Chat;

    private (ChatAnswers Answers, IChatClient Client, string Name) Open(StageContext context)
    {
        var asked = Asked(context);
        var client = asked.OpenClient(Parallel);
        var options = new ChatOptions { Temperature = (float)Temperature, MaxOutputTokens = MaxTokens };
        return (new ChatAnswers(client, asked.Author, options, Parallel), client, asked.Author);
    }

    /// <param name="owned">Takes what must be disposed of.</param>
    internal ICritic OpenCritic(StageContext context, Constitution constitution, ICollection<IDisposable> owned)
    {
        if (Kind == CriticKind.Rule)
        {
            return new RuleCritic();
        }

        var (answers, client, name) = Open(context);
        owned.Add(client);
        return new ChatCritic(answers, name, constitution);
    }

    /// <inheritdoc cref="OpenCritic"/>
    internal IPairJudge OpenJudge(StageContext context, PrincipleJudgeOptions options, ICollection<IDisposable> owned)
    {
        if (Kind == CriticKind.Rule)
        {
            return new RuleCritic();
        }

        var asked = Asked(context);
        var odds = asked.OpenOdds(Parallel);
        owned.Add(odds);
        // A model whose log-probabilities are read need not be served too.
        var answers = new Lazy<ChatAnswers>(() =>
        {
            var (opened, client, _) = Open(context);
            owned.Add(client);
            return opened;
        });
        return new PrincipleJudge(asked.Author, Identity(asked), answers, odds.Odds, options);
    }

    /// <summary>A local model's weights by their hash; another's endpoint and name.</summary>
    private static string Identity(ChatModelOptions model)
    {
        if (model.Endpoint is not null)
        {
            return $"{model.Endpoint} {model.Model}";
        }

        var folder = EmbeddedModel.Resolve(model.Model!);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] files = File.Exists(folder)
            ? [folder]
            : [.. Directory.EnumerateFiles(folder, "*.safetensors").Order(StringComparer.Ordinal)];
        foreach (var file in files)
        {
            using var content = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(content));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
