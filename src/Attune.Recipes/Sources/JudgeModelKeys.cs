using System.ClientModel;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Data.Judging;
using Attune.Learning.Serving;
using Attune.Models;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Attune.Recipes.Sources;

/// <summary>A model that judges, as a recipe describes it.</summary>
public sealed record JudgeModelKeys
{
    [Description("name of the model at the endpoint; without one, a model folder or 'embedded', loaded for the run")]
    public string? Model { get; init; }

    [Description("OpenAI-compatible endpoint, such as http://localhost:5100/v1")]
    public string? Endpoint { get; init; }

    [Description("environment variable that holds the endpoint's API key; none for an endpoint without keys")]
    public string? ApiKeyEnv { get; init; }

    [Description("what makes an answer better, said to the model")]
    public string Criterion { get; init; } = ChatJudgeOptions.DefaultCriterion;

    [Description("both (asked in both orders; who wins both times is preferred) or random (asked once, in an order by chance)")]
    public JudgeOrder Order { get; init; } = JudgeOrder.Both;

    [Description("questions asked at once")]
    [Range(1, 1000)]
    public int Parallel { get; init; } = 8;

    [Description("longest reply, tokens; models that think aloud need more")]
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 16;

    [Description("temperature of the replies")]
    [Range(0, 2)]
    public double Temperature { get; init; }

    /// <summary>What is missing to ask it, a sentence each.</summary>
    /// <param name="key">Where it stands in the recipe: "online.judge_model".</param>
    internal IEnumerable<string> Missing(string key)
    {
        if (string.IsNullOrWhiteSpace(Model))
            yield return $"{key}.model is missing: which model judges?";
        if (Endpoint is not null && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
            yield return $"{key}.endpoint is '{Endpoint}'; expected an address such as http://localhost:5100/v1.";
        if (ApiKeyEnv is not null && Endpoint is null)
            yield return $"{key}.api_key_env is given without an endpoint: a model folder needs no key.";
        if (ApiKeyEnv is not null && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ApiKeyEnv)))
            yield return $"{key}.api_key_env: the environment variable {ApiKeyEnv} is not set; expected the endpoint's API key in it.";
    }

    /// <summary>Ready to be asked; the client is the caller's to dispose.</summary>
    internal (ChatJudge Judge, IChatClient Client) Open()
    {
        var client = Endpoint is null ? Local() : Remote(new Uri(Endpoint));
        return (new ChatJudge(client, Author, new ChatJudgeOptions { Criterion = Criterion, Order = Order, Parallel = Parallel, MaxTokens = MaxTokens, Temperature = Temperature }), client);
    }

    private string Author => Endpoint is null ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Model!))) : Model!;

    private IChatClient Remote(Uri endpoint)
    {
        // Endpoints without keys do not look at this one, but the client insists on sending some.
        var key = ApiKeyEnv is null ? "none" : Environment.GetEnvironmentVariable(ApiKeyEnv) ?? throw new PlanException($"The environment variable {ApiKeyEnv} is not set.");
        return new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = endpoint }).GetChatClient(Model).AsIChatClient();
    }

    private ModelChatClient Local()
    {
        var folder = EmbeddedModel.Resolve(Model!);
        var text = ModelTokenizer.Load(folder);
        using var model = ModelFiles.LoadLanguageModel(folder);
        var served = new ServedModel(Author, text, model, new ServingOptions { Slots = Parallel });
        return new ModelChatClient(served, served);
    }
}
