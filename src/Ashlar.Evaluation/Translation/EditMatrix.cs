namespace Ashlar.Evaluation.Translation;

/// <summary>
/// Edit distance between a hypothesis and a reference near the diagonal only, as Tercom and sacreBLEU compute it. Hypotheses
/// of a search differ from the last one kept in their middle: the rows before the first difference are used again.
/// </summary>
internal sealed class EditMatrix
{
    private const int Beam = 25;
    private const int Far = 1_000_000_000;

    private readonly int[] _reference;
    private readonly int _hypothesisLength;
    private readonly double _slope;
    private readonly int _beam;
    private readonly int[][] _costs;
    private readonly Edit[][] _edits;
    private readonly int[][] _trialCosts;
    private readonly Edit[][] _trialEdits;
    private int[] _kept;

    /// <summary>Computes the distance of a hypothesis.</summary>
    public EditMatrix(int[] hypothesis, int[] reference)
    {
        _reference = reference;
        _hypothesisLength = hypothesis.Length;
        _slope = hypothesis.Length > 0 ? (double)reference.Length / hypothesis.Length : 1;
        // With very unequal lengths, rows this narrow would not touch one another.
        _beam = Beam < _slope / 2 ? (int)Math.Ceiling(_slope / 2 + Beam) : Beam;
        _costs = Rows<int>();
        _edits = Rows<Edit>();
        _trialCosts = Rows<int>();
        _trialEdits = Rows<Edit>();
        for (int j = 0; j <= reference.Length; j++)
            (_costs[0][j], _edits[0][j]) = (j, Edit.Insert);
        _kept = hypothesis;
        for (int i = 1; i <= hypothesis.Length; i++)
            Row(hypothesis[i - 1], i, _costs[i - 1], _costs[i], _edits[i]);
    }

    /// <summary>What turns a hypothesis into the reference, word by word.</summary>
    public enum Edit : byte
    {
        /// <summary>Outside the rows that are computed.</summary>
        None,

        /// <summary>The words are equal.</summary>
        Keep,

        /// <summary>Another word.</summary>
        Substitute,

        /// <summary>A word of the reference is missing.</summary>
        Insert,

        /// <summary>A word of the hypothesis is too many.</summary>
        Delete,
    }

    /// <summary>Edits between the hypothesis kept and the reference.</summary>
    public int Distance => _costs[^1][^1];

    /// <summary>Edits between another hypothesis, of the same length, and the reference.</summary>
    public int DistanceOf(int[] hypothesis)
    {
        int same = hypothesis.AsSpan().CommonPrefixLength(_kept);
        int[] previous = _costs[same];
        for (int i = same + 1; i <= hypothesis.Length; i++)
        {
            Row(hypothesis[i - 1], i, previous, _trialCosts[i], _trialEdits[i]);
            previous = _trialCosts[i];
        }

        return previous[^1];
    }

    /// <summary>Keeps another hypothesis of the same length.</summary>
    public void Keep(int[] hypothesis)
    {
        for (int i = hypothesis.AsSpan().CommonPrefixLength(_kept) + 1; i <= hypothesis.Length; i++)
            Row(hypothesis[i - 1], i, _costs[i - 1], _costs[i], _edits[i]);
        _kept = hypothesis;
    }

    /// <summary>The edits of the hypothesis kept, from its beginning.</summary>
    public List<Edit> Path()
    {
        List<Edit> path = [];
        (int i, int j) = (_hypothesisLength, _reference.Length);
        while (i > 0 || j > 0)
        {
            Edit edit = _edits[i][j];
            path.Add(edit);
            if (edit != Edit.Insert)
                i--;
            if (edit != Edit.Delete)
                j--;
        }

        path.Reverse();
        return path;
    }

    private void Row(int word, int i, int[] above, int[] costs, Edit[] edits)
    {
        Array.Fill(costs, Far);
        Array.Clear(edits);
        int diagonal = (int)Math.Floor(i * _slope);
        int end = i == _hypothesisLength ? _reference.Length + 1 : Math.Min(_reference.Length + 1, diagonal + _beam);
        for (int j = Math.Max(0, diagonal - _beam); j < end; j++)
        {
            // Among equals a word kept or substituted goes first, then a deletion, then an insertion.
            if (j > 0)
            {
                bool equal = word == _reference[j - 1];
                Take(above[j - 1] + (equal ? 0 : 1), equal ? Edit.Keep : Edit.Substitute);
            }

            Take(above[j] + 1, Edit.Delete);
            if (j > 0)
                Take(costs[j - 1] + 1, Edit.Insert);

            void Take(int cost, Edit edit)
            {
                if (cost < costs[j])
                    (costs[j], edits[j]) = (cost, edit);
            }
        }
    }

    private T[][] Rows<T>()
    {
        T[][] rows = new T[_hypothesisLength + 1][];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = new T[_reference.Length + 1];
        return rows;
    }
}
