using System.Collections.Immutable;
using System.Security.Cryptography;
using Attune.Core.Runs;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Weights;

/// <summary>
/// All parameters of a model in one tensor; each <see cref="Parameter"/> is a view of it. One optimiser pass, one all-reduce and
/// one copy then cover the whole model. Where they are bfloat16, a float32 <see cref="Master"/> of the same layout may stand behind
/// them: it is what learns and what files are written from, and the values are its rounding.
/// </summary>
public sealed class FlatParameters : IDisposable
{
    private readonly Dictionary<string, Parameter> _parameters = [];
    private readonly Dictionary<string, ParameterSlot> _slots = [];
    private readonly Dictionary<string, Tensor> _gradients = [];
    private Seed _seed;
    private long _passes;

    public FlatParameters(ImmutableArray<ParameterSlot> slots, ScalarType type = ScalarType.Float32, Device? device = null)
    {
        Slots = slots;
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        Values = zeros(ParameterLayout.TotalLength(slots), type, device).DetachFromDisposeScope();
        foreach (var slot in slots)
        {
            var view = Values.narrow(0, slot.Offset, slot.Length).view([.. slot.Shape]);
            var parameter = new Parameter(view.detach(), requires_grad: true);
            parameter.DetachFromDisposeScope();
            _parameters.Add(slot.Name, parameter);
            _slots.Add(slot.Name, slot);
        }
    }

    /// <summary>In the order of the flat tensor.</summary>
    public ImmutableArray<ParameterSlot> Slots { get; }

    /// <summary>
    /// [length], without gradient: what the model computes with. Write to <see cref="Exact"/> and <see cref="Round"/> it to change a model.
    /// </summary>
    public Tensor Values { get; }

    /// <summary>[length], float32, after <see cref="AttachMaster"/> on weights of a lesser type.</summary>
    public Tensor? Master { get; private set; }

    /// <summary>[length]: the master where there is one, else the values themselves.</summary>
    public Tensor Exact => Master ?? Values;

    /// <summary>[length], after <see cref="AttachGradients"/>: backward adds into it.</summary>
    public Tensor? Gradients { get; private set; }

    public ScalarType Type => Values.dtype;

    public Parameter this[string name] => _parameters[name];

    public Parameter? Find(string name) => _parameters.GetValueOrDefault(name);

    /// <summary>The parameters with their names, in the order of the flat tensor.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> Named => Slots.Select(slot => (slot.Name, _parameters[slot.Name]));

    /// <summary>Makes every parameter's gradient a zeroed view of one flat tensor of the parameters' type.</summary>
    public Tensor AttachGradients()
    {
        if (Gradients is not null)
        {
            return Gradients;
        }

        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        Gradients = zeros_like(Values).DetachFromDisposeScope();
        foreach (var slot in Slots)
        {
            var view = Gradients.narrow(0, slot.Offset, slot.Length).view([.. slot.Shape]).DetachFromDisposeScope();
            _gradients.Add(slot.Name, view);
            _parameters[slot.Name].grad = view;
        }

        return Gradients;
    }

    /// <summary>
    /// Where a parameter's gradient is added up, for code that adds to it itself; null before <see cref="AttachGradients"/>.
    /// </summary>
    internal Tensor? GradientOf(string name) => _gradients.GetValueOrDefault(name);

    /// <summary>
    /// Puts a float32 master behind weights of a lesser type, equal to them until something more exact is written to it. Small
    /// steps add up in it that would round to nothing in the weights.
    /// </summary>
    public void AttachMaster()
    {
        if (Master is null && Type != ScalarType.Float32)
        {
            using var quiet = no_grad();
            Master = Values.to(ScalarType.Float32).DetachFromDisposeScope();
        }
    }

    /// <summary>A parameter's most exact values, a view to read from or write to; after writing, <see cref="Round"/>.</summary>
    public Tensor ExactOf(string name)
    {
        var slot = _slots[name];
        return Exact.narrow(0, slot.Offset, slot.Length).view([.. slot.Shape]);
    }

    /// <summary>Makes the values the master's nearest, ties to even; nothing where there is no master.</summary>
    public void Round()
    {
        if (Master is not null)
        {
            using var quiet = no_grad();
            Values.copy_(Master);
        }
    }

    /// <summary>The first element that does not belong to the embeddings and the lowest <paramref name="layers"/> layers.</summary>
    public long OffsetAbove(int layers)
    {
        var above = Slots.First(slot =>
            slot.Name == "norm.weight" || (slot.Name.StartsWith("layers.", StringComparison.Ordinal) && LayerOf(slot.Name) >= layers)
        );
        return layers == 0 ? 0 : above.Offset;
    }

    /// <summary>Stops gradients to the embeddings and the lowest <paramref name="layers"/> layers; 0 trains everything.</summary>
    public void Freeze(int layers)
    {
        var trained = OffsetAbove(layers);
        foreach (var slot in Slots)
        {
            _parameters[slot.Name].requires_grad = slot.Offset >= trained;
        }
    }

    /// <summary>Stops gradients to all of it: the base of an adapter.</summary>
    internal void FreezeAll()
    {
        foreach (var parameter in _parameters.Values)
        {
            parameter.requires_grad = false;
        }
    }

    /// <summary>
    /// What an update's forward passes draw from (dropout). The loop says so before each, so that a resumed run draws the same.
    /// </summary>
    public void BeginUpdate(Seed seed) => (_seed, _passes) = (seed, 0);

    /// <summary>One pass's own seed.</summary>
    internal Seed NextPass() => _seed.For("pass", _passes++);

    /// <summary>Copies every parameter that both have, by name, from its most exact values, converting the type where it differs.</summary>
    public void CopyFrom(FlatParameters source)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var slot in Slots)
        {
            if (source.Find(slot.Name) is not null)
            {
                ExactOf(slot.Name).copy_(source.ExactOf(slot.Name));
            }
        }

        Round();
    }

    /// <summary>SHA-256 of all values, lower-case hexadecimal.</summary>
    public string Sha256()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return Convert.ToHexStringLower(SHA256.HashData(Values.detach().cpu().contiguous().bytes));
    }

    public void Dispose()
    {
        foreach (var parameter in _parameters.Values)
        {
            parameter.Dispose();
        }

        foreach (var view in _gradients.Values)
        {
            view.Dispose();
        }

        Gradients?.Dispose();
        Master?.Dispose();
        Values.Dispose();
    }

    private static int LayerOf(string name) =>
        int.Parse(name.AsSpan(7, name.IndexOf('.', 7) - 7), System.Globalization.CultureInfo.InvariantCulture);
}
