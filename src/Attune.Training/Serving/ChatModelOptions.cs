using System.ClientModel;
using System.ComponentModel;
using Attune.Core;
using Attune.Data.Encoding;
using Attune.Data.Judging;
using Attune.Models.Files;
using Attune.Training.Tokens;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

namespace Attune.Training.Serving;

/// <summary>A language model that a recipe asks: at an endpoint, or a folder of this machine.</summary>
public sealed record ChatModelOptions
{
    [Description("name of the model at the endpoint; without an endpoint, a model folder or 'embedded'")]
    public string? Model { get; init; }

    [Description("OpenAI-compatible endpoint, such as http://localhost:5100/v1")]
    public string? Endpoint { get; init; }

    [Description("environment variable that holds the endpoint's API key; none for an endpoint without keys")]
    public string? ApiKeyEnv { get; init; }

    /// <summary>What others call it by: the author of its labels.</summary>
    public string Author => Endpoint is null ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Model!))) : Model!;

    /// <summary>What it is, for people, where it is elsewhere; null for a folder of this machine.</summary>
    public string? Outside => Endpoint is null ? null : $"a model at {Endpoint}";

    /// <summary>What is missing to ask it, a sentence each.</summary>
    /// <param name="key">Where it stands in the recipe: "online.judge_model".</param>
    public IEnumerable<string> Missing(string key)
    {
        if (string.IsNullOrWhiteSpace(Model))
        {
            yield return $"{key}.model is missing: which model is asked?";
        }
        if (Endpoint is not null && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
        {
            yield return $"{key}.endpoint is '{Endpoint}'; expected an address such as http://localhost:5100/v1.";
        }
        if (ApiKeyEnv is not null && Endpoint is null)
        {
            yield return $"{key}.api_key_env is given without an endpoint: a model folder needs no key.";
        }
        if (ApiKeyEnv is not null && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ApiKeyEnv)))
        {
            yield return $"{key}.api_key_env: the environment variable {ApiKeyEnv} is not set; expected the endpoint's API key in it.";
        }
    }

    /// <param name="parallel">Answers decoded together, where the model is a folder.</param>
    public IChatClient OpenClient(int parallel) => Endpoint is null ? Local(parallel) : Remote(new Uri(Endpoint));

    /// <summary>Reads how likely the model finds the replies A and B; the caller disposes of it.</summary>
    public OwnedOdds OpenOdds(int parallel)
    {
        if (Endpoint is not null)
        {
            return new OwnedOdds(new EndpointOdds(Connect(new Uri(Endpoint)), Author, parallel), null);
        }

        var folder = EmbeddedModel.Resolve(Model!);
        var text = ModelTokenizer.Load(folder);
        var local = new LocalOdds(ModelFiles.LoadLanguageModel(folder), new Encoder(text));
        return new OwnedOdds(local, local);
    }

    private IChatClient Remote(Uri endpoint) => Connect(endpoint).AsIChatClient();

    private ChatClient Connect(Uri endpoint)
    {
        // Endpoints without keys do not look at this one, but the client insists on sending some.
        var key = ApiKeyEnv is null
            ? "none"
            : Environment.GetEnvironmentVariable(ApiKeyEnv)
                ?? throw new ConfigurationException($"The environment variable {ApiKeyEnv} is not set.");
        return new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = endpoint }).GetChatClient(Model);
    }

    private ModelChatClient Local(int parallel)
    {
        var folder = EmbeddedModel.Resolve(Model!);
        var text = ModelTokenizer.Load(folder);
        using var model = ModelFiles.LoadLanguageModel(folder);
        var served = new ServedModel(Author, text, model, new ServingOptions { Slots = parallel });
        return new ModelChatClient(served, served);
    }
}

/// <summary>Odds with what must be disposed of after them.</summary>
public sealed record OwnedOdds(IOptionOdds Odds, IDisposable? Owned) : IDisposable
{
    public void Dispose() => Owned?.Dispose();
}
