using System.Text.Json;
using Attune.Control.Environments;
using Attune.Control.Networks;
using Attune.Core;
using Attune.Core.Files;
using Attune.Core.Runs;
using static TorchSharp.torch;

namespace Attune.Control.Policy;

/// <summary>A trained agent as JSON: a few thousand numbers, with all that is needed to act.</summary>
public static class ControlAgentFile
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <param name="Environment">that it was trained in</param>
    /// <param name="Hidden">widths of hidden layers</param>
    /// <param name="Normaliser">empty where observations pass as they are</param>
    /// <param name="Weights">in the order of <see cref="ActorCritic"/></param>
    private sealed record Saved(string Environment, int[] Hidden, double[] Normaliser, float[] Weights);

    public static void Write(string path, ControlAgent agent, string environment, IReadOnlyList<int> hidden)
    {
        using var scope = NewDisposeScope();
        var weights = agent.Network.Weights.Exact.detach().data<float>().ToArray();
        var normaliser = agent.Normaliser.Observations ? agent.Normaliser.Observed.Save() : [];
        AtomicFile.WriteText(path, JsonSerializer.Serialize(new Saved(environment, [.. hidden], normaliser, weights), Json));
    }

    /// <returns>The agent and the name of its environment.</returns>
    /// <exception cref="DataException">The file is no agent, or is one of other spaces than its environment's.</exception>
    public static (ControlAgent Agent, string Environment) Read(string path)
    {
        var saved = Load(path);
        var environment = EnvironmentCatalog.Make(saved.Environment);
        var network = new ActorCritic(environment.Observations, environment.Actions, saved.Hidden, new Seed(0));
        var width = environment.Observations.Length;
        if (saved.Weights.Length != network.Weights.Exact.numel() || saved.Normaliser.Length is var n && n != 0 && n != 1 + 2 * width)
        {
            network.Dispose();
            throw new DataException(
                $"{path} has {saved.Weights.Length} weights; an agent for {saved.Environment} with hidden layers of "
                    + $"[{string.Join(", ", saved.Hidden)}] has another number. Train it again."
            );
        }

        using var quiet = no_grad();
        network.Weights.Exact.copy_(tensor(saved.Weights));
        var normaliser = new Normaliser(width, 1, 1) { Observations = saved.Normaliser.Length > 0, Rewards = false };
        if (normaliser.Observations)
        {
            normaliser.Observed.Restore(saved.Normaliser);
        }

        return (new ControlAgent(network, normaliser), environment.Name);
    }

    private static Saved Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Saved>(File.ReadAllText(path), Json) is { Hidden: not null, Weights: not null } saved
                ? saved with
                {
                    Normaliser = saved.Normaliser ?? [],
                }
                : throw new JsonException("hidden and weights are expected.");
        }
        catch (Exception problem) when (problem is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} is no agent of 'attune control': {problem.Message}");
        }
    }
}
