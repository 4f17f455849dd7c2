using System.Collections.Immutable;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Weights;

/// <summary>
/// All parameters of a model in one tensor; each <see cref="Parameter"/> is a view of it. One optimiser pass, one all-reduce and
/// one copy then cover the whole model.
/// </summary>
public sealed class FlatParameters : IDisposable
{
    private readonly Dictionary<string, Parameter> _parameters = [];

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
        }
    }

    /// <summary>In the order of the flat tensor.</summary>
    public ImmutableArray<ParameterSlot> Slots { get; }

    /// <summary>[length], without gradient; writing here changes the model.</summary>
    public Tensor Values { get; }

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
            _parameters[slot.Name].grad = Gradients.narrow(0, slot.Offset, slot.Length).view([.. slot.Shape]);
        }

        return Gradients;
    }

    /// <summary>The first element that does not belong to the embeddings and the lowest <paramref name="layers"/> layers.</summary>
    public long OffsetAbove(int layers)
    {
        var above = Slots.First(slot => slot.Name == "norm.weight" || (slot.Name.StartsWith("layers.", StringComparison.Ordinal) && LayerOf(slot.Name) >= layers));
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

    /// <summary>Copies every parameter that both have, by name, converting the type where it differs.</summary>
    public void CopyFrom(FlatParameters source)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var slot in Slots)
        {
            if (source.Find(slot.Name) is { } other)
            {
                _parameters[slot.Name].copy_(other);
            }
        }
    }

    public void Dispose()
    {
        foreach (var parameter in _parameters.Values)
        {
            parameter.Dispose();
        }

        Gradients?.Dispose();
        Values.Dispose();
    }

    private static int LayerOf(string name) => int.Parse(name.AsSpan(7, name.IndexOf('.', 7) - 7), System.Globalization.CultureInfo.InvariantCulture);
}
